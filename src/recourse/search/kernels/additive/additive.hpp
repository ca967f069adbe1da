// The cheapest picks for an additive model, proven: one item per feature so that the gains reach a
// bar.
//
// This is the multiple-choice covering knapsack, solved for one person at a time over menu rows
// that people share.
//
// How one person is solved
// ------------------------
// 1. Per *row*, once for everyone (menus.cpp): its Pareto front (price and gain both rising; a free
// move
//    that helps is part of it, one that doesn't is dominated by staying) and the lower convex hull
//    of that front.
// 2. The linear relaxation (relaxation.cpp): the hull step at which the bar is reached, by
// selection
//    over the rows' sorted slopes.
// 3. An action (rounding.cpp): the relaxation with one or two features moved further.
// 4. Reduced-cost fixing (core.cpp): only items near the hull can be part of something cheaper; the
// hull
//    says where to look.
// 5. A list dynamic programme over the features that are left (states.cpp), with a linear bound per
//    partial action, dominance, and a cap on the states. At the cap the states of the highest
//    bounds are dropped; the lowest bound dropped is what remains proven.
//
// *max* (person.cpp) first finds the smallest largest price by selection over price levels,
// exactly, then solves the knapsack over the items up to that price. *At most k changes* adds a
// Lagrange multiplier per change to the bound and a count to the states. *K best* (k_best.cpp) is
// Lawler's partition: each found subset splits the rest of the space into features kept in and out.
//
// Rounding
// --------
// An action is accepted if and only if its gains, added in feature order from 0.0, reach the bar.
// Adding in a fixed order is monotone in every term, also in floating point, so "nobody's largest
// gains reach the bar" (infeasible) and the smallest largest price are decided without tolerance.
// The search inside adds in other orders; it runs with the bar lowered by `slack`, a bound on the
// difference between two orders, so that it misses nothing. If its best action then fails by
// rounding alone, it runs once more with the bar raised by `slack`: the same cost is a proof,
// another is not (FEASIBLE with the first run's bound). Costs that differ by less than 1e-12 of the
// cost count as equal.
//
// The twin in Python, additive_twin.py, says the same in the fewest words; tests compare the two.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <vector>

#include "arrays.hpp"

namespace recourse::additive {

enum Status { OPTIMAL = 0, FEASIBLE = 1, INFEASIBLE = 2, UNKNOWN = 3, NOT_BETTER = 4 };
enum Mask : std::uint8_t { FREE = 0, IN = 1, OUT = 2 };
enum Mode { DISTINCT = 0, MINIMAL = 1, EXCLUSIVE = 2 };

constexpr double INF = std::numeric_limits<double>::infinity();
constexpr double STEEPEST = 1e300;
constexpr double EQUAL = 1e-12;
constexpr double ROUNDING = 1.0 / 9007199254740992.0;  // 2^-53

// Two gains can be so close that the quotient overflows; the order of slopes is all that matters
// then.
inline double slope_of(double price, double rise) {
  return price < STEEPEST * rise ? price / rise : STEEPEST;
}

// In rising values, the last of low..high that is at most `limit` (the first one is); the first
// that is at least `target`, or `high`.
inline std::int64_t last_at_most(const double* values, std::int64_t low, std::int64_t high,
                                 double limit) {
  return std::upper_bound(values + low + 1, values + high + 1, limit) - values - 1;
}

inline std::int64_t first_at_least(const double* values, std::int64_t low, std::int64_t high,
                                   double target) {
  return std::lower_bound(values + low, values + high, target) - values;
}

// Lists that are written by position, and only grow.
template <class T>
void make_room(std::vector<T>& list, std::int64_t n) {
  if (std::int64_t(list.size()) < n) list.resize(n + n / 2);
}

// An array that isn't zeroed: what is never used costs nothing.
template <class T>
using Raw = std::unique_ptr<T[]>;

struct Front {
  Raw<double> gain, price;
  Raw<int> item;
};

// Convex chains of points, one after the other; `at` is a point's position in the front.
struct Hull {
  Raw<double> gain, price, slope;
  Raw<std::int64_t> at;

  explicit Hull(std::int64_t n)
      : gain(new double[n]), price(new double[n]), slope(new double[n]), at(new std::int64_t[n]) {}
  void set(std::int64_t i, std::int64_t where, double g, double p, double s) {
    gain[i] = g;
    price[i] = p;
    slope[i] = s;
    at[i] = where;
  }
  // Add a point to the right of start..stop-1, so that its computed slopes stay strictly rising.
  std::int64_t push(std::int64_t start, std::int64_t stop, std::int64_t where, double g, double p) {
    double steepness;
    while (true) {
      steepness = slope_of(p - price[stop - 1], g - gain[stop - 1]);
      if (stop - 1 <= start || steepness > slope[stop - 1]) break;
      --stop;
    }
    set(stop, where, g, p, steepness);
    return stop + 1;
  }
};

// A row's front and hull, and the largest absolute gain in it.
struct Row {
  std::int64_t first, stop;
  std::int64_t hull, hull_stop;
  double size;
};

// The rows' Pareto fronts and hulls, shared by all people and all threads. A row has two variants:
// *open* (today's value and the moves that help) and, at `row + n_rows`, *changed* (moves only, for
// a feature that must change). In an open variant today's value is always stored; if a free move
// beats it, the front starts one position later.
class Menus {
 public:
  Menus(In<std::int64_t> row_ptr, In<double> gains, In<double> prices, bool changed);
  void prepare(std::int64_t start, std::int64_t stop);  // rows start..stop-1

  std::int64_t n_rows, n_items, longest;
  std::vector<Row> rows;
  Front front;
  Hull hull;

 private:
  void prepare(std::int64_t start, std::int64_t stop, bool changed);

  In<std::int64_t> row_ptr;
  In<double> gains, prices;
  bool changed;
};

// One of the person's features: its items are `low..end-1` in the front.
struct Class {
  int feature;
  bool counted;  // leaving the first item is a change
  bool opened;
  std::int64_t low, end;
  std::int64_t full;     // the row's end
  std::int64_t allowed;  // the end at the price level in force; `end` is that or earlier
  std::int64_t shared, shared_end;
  const Hull* hull;  // the shared one, or the person's own
  std::int64_t hull_low, hull_end;
  std::int64_t at;            // the relaxation's position in the hull
  std::int64_t chosen, kept;  // positions in the front
  double ceiling;             // gain of the last item: no more than what is needed
};

// A class whose position in a sorted list lies in at..top.
struct Cursor {
  const double *key, *gain;
  std::int64_t at, top, middle;
  int number;
};

struct Item {  // of the core
  double gain, price;
  std::int64_t at;
  int count;
};

struct Step {  // from one vertex of a core class's hull to the next
  double gain, price, slope;
  int rank, item, count, number;
};

struct Rest {  // what the classes to come give, after so many steps
  double gain, price, slope;
  int count;
};

struct Partial {  // one item in each of the first classes
  double gain, price, bound;
  int parent, item, count;
};

struct Answer {
  double cost, total, cost_bound, total_bound;
  bool below(const Answer& other) const {
    return cost < other.cost || (cost == other.cost && total < other.total);
  }
};

struct Stopped {};  // thrown where the budget is exhausted

// Where answers are written, person by person (and rank by rank).
struct Results {
  int* pick;
  double *cost, *total, *cost_bound, *total_bound;
  std::uint8_t* status;
};

// One thread's workspace: solves people over shared `Menus`. A person's classes are the features
// that are not frozen, in feature order.
class Solver {
 public:
  Solver(const Menus& menus, InTable<int> rows, In<double> need, InTable<std::uint8_t> frozen,
         InTable<std::uint8_t> forced, bool by_max, int limit, std::int64_t max_states,
         std::function<bool()> exhausted);

  // Both return the first person not solved: `stop`, unless the budget was exhausted before.
  std::int64_t solve(std::int64_t start, std::int64_t stop, Results out);
  std::int64_t best(std::int64_t start, std::int64_t stop, int ranks, int mode, Results out);

 private:
  // person.cpp
  void work(std::int64_t steps);
  void load_masks(std::int64_t person);
  int answer(std::int64_t person, double cost_cut, double total_cut);
  int answer_limited(double bar, double cost_cut, double total_cut, double lower, double level);
  bool load(std::int64_t person);
  void count();
  double reach(bool lowest) const;
  double reach_with(int most);
  double find_level(double bar, int most);
  int cheapest(double bar, int most, double cut);
  int proven_to(double bound, int status);
  bool take(double bar);
  void drop_free_moves(double bar);

  // relaxation.cpp
  void set_hulls(double bar, double extra);
  void set_own_hull(Class& c, std::int64_t last, double extra);
  bool relax(double bar);
  int search(double bar, int most, double cut);
  int search_limited(double bar, int most, double cut);
  double find_multiplier(double bar, int most, double cut);

  // rounding.cpp
  void round_up(double bar);
  void lower_others(double bar);
  void thin(double bar);
  void round_counted(double bar, int most);

  // core.cpp, states.cpp
  int core(double bar, double extra, int most, double cut);
  void add_items(Class& c, double gap, double extra, int most);
  void set_steps(double extra);
  int set_rest(int depth, double extra, int most);
  int search_states(double bar, double extra, int most, double cut);
  std::int64_t merge(std::int64_t have, std::int64_t found, int top);
  std::int64_t drop(std::int64_t have, std::int64_t keep);
  void choose_found();

  // k_best.cpp
  void clear(Results out, int ranks, int status, double bound) const;
  void best_of(std::int64_t person, int ranks, int mode, Results out);
  void add_node(std::int64_t person, int ranks);
  void take_node(std::size_t node);

  const Menus& menus;
  const Front& front;
  InTable<int> rows;
  In<double> need;
  InTable<std::uint8_t> frozen, forced;
  int m;
  bool by_max;
  int limit;  // most changed features; -1 for no limit
  std::int64_t max_states;
  std::function<bool()> exhausted;
  std::int64_t worked = 0;

  // one person
  std::vector<std::uint8_t> state;
  std::vector<Class> classes;
  std::vector<Cursor> cursors;
  std::vector<double> next_slope, largest;
  int n_in = 0;
  double slack = 0.0;
  std::vector<int> pick;
  Answer found{};

  // the relaxation
  Hull own;
  std::int64_t own_next = 0;
  double guess = 0.0;  // the last person's slope and level are good first guesses
  double level = 0.0;
  double slope = 0.0, gain = 0.0, price = 0.0, missing = 0.0;
  int breaking = -1;
  double value = 0.0, proven = 0.0;  // of the action at hand, and the bound

  // the core
  std::vector<Item> items;
  int n_items = 0;
  std::vector<int> core_class, core_start, core_order, core_rank;
  std::vector<std::pair<double, int>> keys;
  int fixed_count = 0;
  double fixed_gain = 0.0, fixed_price = 0.0;
  std::vector<Step> steps;
  std::vector<int> hull_items, steps_left;
  std::vector<double> slopes, least;
  std::vector<Rest> rest;
  std::vector<Partial> states, fresh, merged;
  std::vector<char> kept;
  double dropped = 0.0;
  int found_depth = -1, found_item = -1, found_steps = -1;
  std::int64_t found_state = -1;

  // K best
  struct Node {
    Answer answer;
    int status;
  };
  std::vector<Node> nodes;
  std::vector<std::uint8_t> node_state, split;
  std::vector<int> node_pick;
  std::vector<Answer> ranked;
  bool unproven = false;
};

}  // namespace recourse::additive
