// The cheapest way over a tree ensemble's bar, proven: best-first branch and bound over boxes of
// menu states.
//
// A person's menu of a block is a short list of *states*, cheapest first; a box is a set of states
// for each block, as bits, so that the first bit of each set is the box's cheapest point.
//
// How one person is solved
// ------------------------
// 1. *Tests* (tests.cpp). Each split of the ensemble becomes the set of the person's states that it
//    sends left. Splits that part the states in the same way become one; those that don't part them
//    are decided. Only leaves that the person can reach, and more cheaply than the incumbent, are
//    kept.
// 2. *The bound* (bound.cpp). A box costs at least its cheapest point. Its score is at most the
// sum,
//    over trees, of the best leaf that can be reached in the box at less than the incumbent's cost.
// 3. *An incumbent* (incumbent.cpp). A dive towards the leaves that matter most, pulled back block
// by
//    block; again from the box at hand after 64, 128, 256 ... boxes, and by the moves that gain
//    most for their price.
// 4. *Branch and bound* (branch.cpp). If a box's score is too low, it is done; if its cheapest
// point is
//    approved, that is the box's best; otherwise it is split by the test at which most score is
//    lost on the way to the cheapest point.
// 5. *Conditions* (conditions.cpp). Linear conditions across blocks rule out boxes whose sums can't
// meet
//    them, and split the others by coefficient. *Excluded sets of features* split the box that runs
//    into them.
//
// Whatever the kernel can't decide it asks: a point whose score is within rounding of the bar, or
// one that must satisfy a condition that only a function knows. `run` returns `ASK`, the caller
// answers, and the search goes on. A denied point is cut out of its box.
//
// *Several objectives* are one: a cost is a pair (largest price, sum of prices), compared
// lexicographically; where prices only add up, the first is 0. *At most k changes* is counted along
// every path.
//
// Rounding: scores from `high` on are approved, below `low` denied, and between them the model is
// asked. Costs that differ by less than 1e-12 (relative to 1 + cost) count as equal.
//
// The twin in Python, trees_twin.py, says the same in the fewest words; tests compare the two.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "arrays.hpp"

#ifdef _MSC_VER
#include <intrin.h>
#endif

namespace recourse::trees {

enum Code { DONE = 0, ASK = 1, PAUSED = 2 };  // what `run` returns
enum Verdict { OPEN = 0, APPROVED = 1, DENIED = 2, FORBIDDEN = 3 };
enum Next { STOP, DIVE, QUESTION };  // what a step leaves: nothing, a box at hand, a point to judge

constexpr int ALL_LEFT = -1, ALL_RIGHT = -2;  // a test that doesn't part the person's states
constexpr int MISSING_LEFT = 1, IN_SET = 2;   // kinds of tests
constexpr int LAST = 2147483647;              // where missing values lie that go right
constexpr double INF = std::numeric_limits<double>::infinity();
constexpr double EQUAL = 1e-12;
constexpr double LOOSE = 1e-7;  // sums that miss a limit by less are put to the caller

using Word = std::uint64_t;
constexpr int BITS = 64;

inline int lowest(Word word) {  // the position of the lowest bit of a word that has one
#ifdef _MSC_VER
  unsigned long position;
  _BitScanForward64(&position, word);
  return int(position);
#else
  return __builtin_ctzll(word);
#endif
}

inline Word first_bits(int n) { return n >= BITS ? ~Word(0) : n <= 0 ? 0 : (Word(1) << n) - 1; }
inline Word only_bit(int k) { return k >= 0 && k < BITS ? Word(1) << k : 0; }
inline double size_of(double value) { return value > 0.0 ? value : -value; }

struct Cost {
  double peak = 0.0;  // the largest price, or 0 where prices only add up
  double sum = 0.0;
};

inline bool operator<(Cost a, Cost b) { return a.peak != b.peak ? a.peak < b.peak : a.sum < b.sum; }
inline bool operator==(Cost a, Cost b) { return a.peak == b.peak && a.sum == b.sum; }

struct Node {
  int test;  // -1 at a leaf
  int left, right;
  double value;  // what a leaf is worth; in a person's own trees, the best leaf below
};

// Tests of one column that treat missing values in one way; their cuts rise from `first` to `stop`.
struct Sequence {
  int first, stop;
  int block;  // the block whose states decide it, or -1: today's cells do
  int column;
  int kind;
};

// A linear condition across blocks: at least and at most so much, for whoever changes what it
// reads.
struct Condition {
  const double* coefficient;   // of each state
  const std::uint8_t* still;   // whether a state leaves the condition's features alone
  const std::uint8_t* reads;   // whether it reads a block
  const double *least, *most;  // everybody's limits
};

// What all people and threads read: trees, tests, and menus collapsed to states. State s of menu
// row r lies in state_start[r] .. state_start[r + 1], today's first, then cheapest first. Its cells
// in the columns of block j start at cell_start[j] + state_group[s] * columns[j]; cell -1 is a
// missing value.
struct Shared {
  explicit Shared(const nanobind::dict& given);

  std::vector<int> roots;
  std::vector<Node> nodes;
  std::vector<Sequence> sequences;
  std::vector<int> cut;
  Table<std::uint8_t> sets;
  std::vector<std::int64_t> state_start, state_changed;
  std::vector<int> state_item, state_group;
  std::vector<double> state_peak, state_price;
  std::vector<int> cells;
  std::vector<std::int64_t> cell_start;
  std::vector<int> columns;
  Table<int> rows, today;
  std::vector<std::uint8_t> wide;
  std::vector<Condition> conditions;
  Table<double> coefficients, least_sum, most_sum;
  Table<std::uint8_t> still, reads;
  int n_blocks;
  int limit;  // most changed features; -1 for no limit
  double low, high;
};

// One of the person's states: an item of a menu row, with what is least from it on.
struct State {
  int item;
  int count, fewest;  // changed features: its own, the fewest from this state on
  double peak, price, least;
  std::int64_t changed;
  std::int64_t cell;
  std::int64_t number;  // among all states
};

// A test that parts the states of a block: its set of those that go left starts at word `at`.
struct Test {
  int block;
  std::int64_t at;
};

// The first state on either side of a test, within the box; -1 where there is none.
struct Sides {
  int left = -1, right = -1;
  bool near_left() const { return left < right; }
  int nearer() const { return left < right ? left : right; }
  int farther() const { return left < right ? right : left; }
};

// Open boxes, cheapest first. Which of equally cheap boxes comes first decides between equally
// cheap answers, so the heap is our own: a standard library may break ties as it likes.
class Pool {
 public:
  void clear(int words);
  bool empty() const { return heap_.empty(); }
  void close() { heap_.clear(); }
  Cost cheapest() const { return heap_.front().cost; }
  Word* add(Cost cost);  // room for a box
  void pop(Word* box);   // the cheapest one
  std::size_t bytes() const;

 private:
  struct Entry {
    Cost cost;
    std::int64_t slot;
  };
  int words_ = 0;
  std::vector<Word> boxes_;
  std::vector<Entry> heap_;
  std::vector<std::int64_t> free_;
};

// One person's search at a time, with the room it needs; `begin`, then `run` until it is `DONE`.
class Solver {
 public:
  explicit Solver(const Shared& shared) : s(shared) {}

  // Turn to a person. `frozen`: bits per block of features that may not change; `excluded`: sets of
  // features that an action may not change exactly (kind 0) or may not contain (kind 1), as bits
  // per block. With `asks`, every candidate is put to the caller.
  void begin(std::int64_t person, InTable<std::int64_t> excluded, In<std::int64_t> frozen,
             In<int> kinds, bool asks);

  // Go on for so many boxes, with the verdict that was asked for.
  Code run(int verdict, std::int64_t boxes);

  // Write the best action's items; returns the lower bound on the cost.
  Cost answer(int* picks) const;
  void question(int* picks) const;  // the items of the point that a verdict is needed on
  bool found() const { return found_; }
  std::int64_t done() const { return done_; }
  std::size_t bytes() const;

 private:
  // tests.cpp: the person's states, the tests that part them, and the trees within reach
  void load_states();
  void load_tests();
  void decide(const Sequence& sequence);
  void part_by_sets(const Sequence& sequence);
  void part_by_cuts(const Sequence& sequence);
  void add_test(int block);
  int cell_of(int state, const Sequence& sequence) const;
  void prune_all();
  int prune(int node, Cost cost, int forced);

  // bound.cpp
  void price_box();
  void bound();
  void reach(int node, Cost cost, int forced, int split);

  // incumbent.cpp
  void guess();
  void guess_again();
  void climb();
  void pull_back();
  void profile(int block);
  void spread(int node, int block);
  void accept();

  // branch.cpp
  Next step();
  Next judge();
  int choose() const;
  Next split_test(int test);
  Next split_point(bool wide_only);
  Next keep_far(int block);

  // conditions.cpp
  bool matches(int excluded, int block, int state) const;
  int excluded_at() const;
  Next split_excluded(int excluded);
  bool out_of_reach(const Condition& condition) const;
  int meets(const Condition& condition) const;
  Next split_linear(const Condition& condition);

  int size(int block) const { return start[block + 1] - start[block]; }
  bool within(int forced) const { return s.limit < 0 || forced <= s.limit; }
  bool cheaper(Cost cost) const {  // than the incumbent
    if (!found_) return true;
    if (cost.peak != best_cost.peak) return cost.peak < best_cost.peak;
    return cost.sum < best_cost.sum - EQUAL * (1.0 + best_cost.sum);
  }
  // Leave state `here` for `other`: raise the cost and the changes of what is below.
  void turn(int here, int other, Cost& cost, int& forced) const {
    const State &from = states[here], &to = states[other];
    if (to.peak > cost.peak) cost.peak = to.peak;
    cost.sum += to.least - from.least;
    forced += to.fewest - from.fewest;
  }
  template <class Visit>
  void each(int block, Visit visit) const {  // state of a block's set
    int first = start[block];
    for (int w = word[block]; w < word[block + 1]; ++w, first += BITS)
      for (Word bits = box[w]; bits; bits &= bits - 1) visit(first + lowest(bits));
  }

  void whole();  // make the box all of the person's states
  int first(int block) const;
  Sides sides(int test) const;
  std::int64_t enter(int test, bool left);
  void flip(int test, bool left, std::int64_t saved);
  void leave(int block, std::int64_t saved);

  const Shared& s;

  // the person's states, block by block from start[j]; the words of block j's set from word[j]
  std::int64_t person = 0;
  std::vector<int> start, word;
  int n_words = 0;
  std::vector<State> states;

  // tests that part the person's states
  std::vector<int> local;  // each test of the ensemble: its number here, ALL_LEFT or ALL_RIGHT
  std::vector<Test> tests;
  std::vector<Word> left_set;
  std::vector<double> votes;
  std::vector<std::pair<int, int>> keys;  // (cell, state)

  // the trees within the person's reach
  std::vector<Node> tree;
  std::vector<int> live;
  std::vector<double> rest;  // the best leaves of this tree and those after it
  double base = 0.0;

  // the box at hand
  std::vector<Word> box, far, aside, trail;
  std::int64_t trail_end = 0;
  Cost at_least;   // its cheapest point's cost
  int forced = 0;  // ... and changes
  bool diving = false;
  double tree_best = 0.0, tree_here = 0.0;
  int tree_split = -1;
  double most = 0.0, here = 0.0;  // the box's score at most, and at its cheapest point
  Pool pool;

  // what was found
  std::vector<int> best, point;
  std::vector<double> gain;
  std::vector<char> tried;
  bool found_ = false;
  Cost best_cost;
  std::int64_t done_ = 0, next_guess = 64;
  int verdict = OPEN;
  bool asks = false;
  std::vector<std::int64_t> frozen;
  Table<std::int64_t> excluded;
  std::vector<int> excluded_kind;
};

// -- sets of states
// ---------------------------------------------------------------------------------

inline int Solver::first(int block) const {
  int first = start[block];
  for (int w = word[block]; w < word[block + 1]; ++w, first += BITS)
    if (box[w]) return first + lowest(box[w]);
  return -1;
}

inline Sides Solver::sides(int test) const {
  const Test& cut = tests[test];
  const Word* left = left_set.data() + cut.at;
  Sides found;
  int first = start[cut.block];
  for (int w = word[cut.block]; w < word[cut.block + 1]; ++w, ++left, first += BITS) {
    const Word goes_left = box[w] & *left, goes_right = box[w] & ~*left;
    if (found.left < 0 && goes_left) found.left = first + lowest(goes_left);
    if (found.right < 0 && goes_right) found.right = first + lowest(goes_right);
    if (found.left >= 0 && found.right >= 0) break;
  }
  return found;
}

// Restrict the box to one side of a test; returns where the old set is saved.
inline std::int64_t Solver::enter(int test, bool left) {
  const Test& cut = tests[test];
  const Word* set = left_set.data() + cut.at;
  const std::int64_t saved = trail_end;
  trail_end += word[cut.block + 1] - word[cut.block];
  if (trail_end > std::int64_t(trail.size())) trail.resize(2 * trail_end);
  Word* old = trail.data() + saved;
  for (int w = word[cut.block]; w < word[cut.block + 1]; ++w, ++set) {
    *old++ = box[w];
    box[w] &= left ? *set : ~*set;
  }
  return saved;
}

// Go from one side of a test to the other.
inline void Solver::flip(int test, bool left, std::int64_t saved) {
  const Test& cut = tests[test];
  const Word* set = left_set.data() + cut.at;
  const Word* old = trail.data() + saved;
  for (int w = word[cut.block]; w < word[cut.block + 1]; ++w, ++set)
    box[w] = *old++ & (left ? *set : ~*set);
}

// Undo `enter`.
inline void Solver::leave(int block, std::int64_t saved) {
  trail_end = saved;
  const Word* old = trail.data() + saved;
  for (int w = word[block]; w < word[block + 1]; ++w) box[w] = *old++;
}

}  // namespace recourse::trees
