// One person: their classes, the price level for `max`, and the answer checked in feature order.
#include "additive.hpp"

namespace recourse::additive {

Solver::Solver(const Menus& shared, InTable<int> who, In<double> bars, InTable<std::uint8_t> never,
               InTable<std::uint8_t> always, bool largest_first, int most, std::int64_t cap,
               std::function<bool()> stop)
    : menus(shared), front(shared.front), rows(who), need(bars), frozen(never), forced(always),
      m(int(rows.shape(1))), by_max(largest_first), limit(most), max_states(cap),
      exhausted(std::move(stop)), state(m), largest(m + 1), pick(m),
      own(m * (menus.longest + 3) + 1) {}

// Count steps of work, and ask now and then whether to go on.
void Solver::work(std::int64_t steps) {
  worked += steps;
  if (worked < 1000000) return;
  worked = 0;
  if (exhausted()) throw Stopped();
}

std::int64_t Solver::solve(std::int64_t start, std::int64_t stop, Results out) {
  for (std::int64_t person = start; person < stop; ++person) {
    int status;
    load_masks(person);
    try {
      status = answer(person, INF, INF);
    } catch (const Stopped&) { return person; }
    std::copy(pick.begin(), pick.end(), out.pick + person * m);
    out.cost[person] = found.cost;
    out.total[person] = found.total;
    out.cost_bound[person] = found.cost_bound;
    out.total_bound[person] = found.total_bound;
    out.status[person] = std::uint8_t(status);
  }
  return stop;
}

void Solver::load_masks(std::int64_t person) {
  for (int j = 0; j < m; ++j) {
    state[j] = FREE;
    if (frozen.is_valid() && frozen.data()[person * m + j]) state[j] = OUT;
    if (forced.is_valid() && forced.data()[person * m + j]) state[j] = IN;
  }
}

// Solve one person under `state`. Sets pick and found; NOT_BETTER if (cost, total) can't be below
// the cut-off, which for `sum` is total_cut.
int Solver::answer(std::int64_t person, double cost_cut, double total_cut) {
  const double bar = need.data()[person];
  const bool limited = limit >= 0;
  double least_level = INF;
  std::fill(pick.begin(), pick.end(), 0);
  found = {INF, INF, INF, INF};
  if (!load(person) || reach(false) < bar || (limited && n_in > limit)) return INFEASIBLE;
  if (by_max) {
    least_level = find_level(bar, -1);
    if (least_level > cost_cut) return NOT_BETTER;
    if (least_level < cost_cut) total_cut = INF;
  }
  const int status = cheapest(bar, -1, total_cut);
  if (!limited || status > FEASIBLE) return status;
  const auto changes = m - std::count(pick.begin(), pick.end(), 0);
  if (changes <= limit) return status;
  return answer_limited(bar, cost_cut, total_cut, found.total_bound, least_level);
}

// Solve again with at most `limit` changes, given that the cheapest action needs more.
int Solver::answer_limited(double bar, double cost_cut, double total_cut, double lower,
                           double least_level) {
  const int most = limit - n_in;
  double bound = 0.0;
  found = {INF, INF, INF, INF};
  std::fill(pick.begin(), pick.end(), 0);
  count();
  const double reached = reach_with(most);
  if (reached < bar - slack) return INFEASIBLE;
  if (reached < bar) {  // another set might reach it by rounding: neither found nor ruled out
    found.cost_bound = by_max ? least_level : lower;
    found.total_bound = lower;
    return UNKNOWN;
  }
  if (by_max) {
    bound = find_level(bar - slack, most);
    least_level = find_level(bar, most);
    if (bound > cost_cut) return NOT_BETTER;
    if (least_level < cost_cut) total_cut = INF;
    lower = 0.0;
  }
  int status = cheapest(bar, most, total_cut);
  if (status > FEASIBLE) return status;
  if (by_max && bound < found.cost) {
    status = FEASIBLE;
    found.cost_bound = bound;
  }
  if (found.total_bound < lower) {
    found.total_bound = lower;
    if (!by_max) found.cost_bound = lower;
  }
  return status;
}

// Look up the person's classes; false if a feature must change and can't.
bool Solver::load(std::int64_t person) {
  double size = need.data()[person];
  if (size < 0.0) size = -size;
  n_in = 0;
  classes.clear();
  for (int j = 0; j < m; ++j) {
    if (state[j] == OUT) continue;
    std::int64_t number = rows.data()[person * m + j];
    if (state[j] == IN) {
      number += menus.n_rows;
      ++n_in;
    }
    const Row& row = menus.rows[number];
    if (state[j] == IN && row.first == row.stop) return false;
    if (state[j] == FREE && row.stop - row.first == 1 && front.gain[row.first] == 0.0)
      continue;  // nothing here helps
    Class& c = classes.emplace_back();
    c.feature = j;
    c.low = row.first;
    c.end = c.full = c.allowed = row.stop;
    c.shared = row.hull;
    c.shared_end = row.hull_stop;
    size += row.size;
  }
  // Each of two sums of at most m + 2 terms is off by less than (m + 2) roundings of the terms'
  // size.
  slack = 4.0 * (m + 2) * ROUNDING * size;
  return true;
}

// Make leaving today's value a change in every class that is not forced: free moves then compete
// with it.
void Solver::count() {
  for (Class& c : classes) {
    c.allowed = c.full;
    if (state[c.feature] != FREE) continue;
    c.counted = true;
    if (front.item[c.low] != 0) --c.low;
  }
}

// Add each class's largest (or first) gain in feature order.
double Solver::reach(bool lowest) const {
  double reached = 0.0;
  for (const Class& c : classes) reached += front.gain[lowest ? c.low : c.allowed - 1];
  return reached;
}

// Add the largest gains in feature order, at most `most` of them in counted classes.
double Solver::reach_with(int most) {
  int k = 0, ties = 0;
  if (most > 0) {
    for (const Class& c : classes) {  // the `most` largest gains, sorted down
      if (!c.counted) continue;
      const double worth = front.gain[c.allowed - 1];
      if (k == most && worth <= largest[k - 1]) continue;
      int z = k < most ? k++ : k - 1;
      for (; z > 0 && largest[z - 1] < worth; --z) largest[z] = largest[z - 1];
      largest[z] = worth;
    }
  }
  const double cut = k > 0 ? largest[k - 1] : INF;
  for (int z = 0; z < k; ++z) ties += largest[z] == cut;
  double reached = 0.0;
  for (Class& c : classes) {
    const double worth = front.gain[c.allowed - 1];
    c.opened = !c.counted || worth > cut || (worth == cut && ties-- > 0);
    if (c.opened) reached += worth;
  }
  return reached;
}

// The smallest t such that the largest gains among items priced at most t reach the bar. Cuts every
// class's front there (`allowed`). Infinite if the bar is out of reach.
double Solver::find_level(double bar, int most) {
  const double *price_at = front.price.get(), *gain_at = front.gain.get();
  double here = 0.0, answer = INF, low = 0.0, low_reached = 0.0, high = 0.0, high_reached = -INF;
  cursors.clear();
  for (const Class& c : classes) {
    cursors.push_back({price_at, gain_at, c.low, c.full - 1, c.low, 0});
    if (price_at[c.low] > here) here = price_at[c.low];
  }
  int step = 0;
  for (;; ++step) {
    // `at` is below the answer's level in every class, items behind `top` are not below it.
    if (step > 0) {
      std::int64_t width = 0, halfway = 0;
      for (const Cursor& one : cursors) {
        if (one.top - one.at <= width) continue;
        width = one.top - one.at;
        halfway = (one.at + one.top + 1) >> 1;
      }
      if (width == 0) break;
      if (step == 1 && level > low) here = level;
      else if (step % 2 == 1 && high_reached > low_reached)
        here = low + (high - low) * (bar - low_reached) / (high_reached - low_reached);
      else here = price_at[halfway];
    }
    double reached = 0.0;
    for (Cursor& one : cursors) {
      one.middle = last_at_most(price_at, one.at, one.top, here);
      reached += gain_at[one.middle];
    }
    if (most >= 0) {
      for (std::size_t i = 0; i < classes.size(); ++i) classes[i].allowed = cursors[i].middle + 1;
      reached = reach_with(most);
    }
    if (reached >= bar && step == 0) {
      answer = here;
      break;
    }
    if (reached >= bar) {
      high = here;
      high_reached = reached;
      for (Cursor& one : cursors)
        one.top = one.middle - (one.middle > one.at && price_at[one.middle] >= here);
    } else {
      low = here;
      low_reached = reached;
      for (Cursor& one : cursors) one.at = one.middle;
    }
  }
  for (std::size_t i = 0; step > 0 && i < classes.size(); ++i) {
    const std::int64_t next = cursors[i].at + 1;
    if (next < classes[i].full && price_at[next] < answer) answer = price_at[next];
  }
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const std::int64_t next = cursors[i].at + 1;
    const bool more = step > 0 && next < classes[i].full && price_at[next] <= answer;
    classes[i].allowed = step > 0 ? next + more : cursors[i].middle + 1;
  }
  if (answer < INF) level = answer;
  return answer;
}

// The smallest total over the loaded classes, verified in feature order; at most `most` counted
// changes.
int Solver::cheapest(double bar, int most, double cut) {
  if (reach(true) >= bar) {
    for (Class& c : classes) c.chosen = c.low;
    take(bar);
    return proven_to(found.total, OPTIMAL);
  }
  int status = search(bar - slack, most, cut);
  if (status == NOT_BETTER) return proven_to(proven, status);
  const double lower = proven;
  if (status != INFEASIBLE && take(bar))
    return proven_to(status == OPTIMAL || found.total < lower ? found.total : lower, status);
  // Rounding alone refused the cheapest action.
  status = search(bar + slack, most, INF);
  if (status == INFEASIBLE || !take(bar)) {
    if (most >= 0) reach_with(most);
    for (Class& c : classes) c.chosen = most < 0 || c.opened ? c.allowed - 1 : c.low;
    take(bar);
  }
  if (found.total <= lower + EQUAL * found.total) return proven_to(found.total, OPTIMAL);
  return proven_to(lower, FEASIBLE);
}

int Solver::proven_to(double bound, int status) {
  found.total_bound = bound;
  // For `max` the level is exact: every action has a price of at least it.
  found.cost_bound = by_max ? found.cost : bound;
  return status;
}

// Turn `chosen` into picks, costs and totals, without free moves that aren't needed; is the bar
// reached?
bool Solver::take(double bar) {
  double reached = 0.0;
  bool free = false;
  for (const Class& c : classes) {
    reached += front.gain[c.chosen];
    free = free ||
           (front.price[c.chosen] == 0.0 && front.item[c.chosen] != 0 && state[c.feature] == FREE);
  }
  if (reached < bar) return false;
  found.total = found.cost = 0.0;
  std::fill(pick.begin(), pick.end(), 0);
  for (const Class& c : classes) {
    found.total += front.price[c.chosen];
    found.cost = std::max(found.cost, front.price[c.chosen]);
    pick[c.feature] = front.item[c.chosen];
  }
  if (free) drop_free_moves(bar);
  if (!by_max) found.cost = found.total;
  return true;
}

void Solver::drop_free_moves(double bar) {
  for (const Class& c : classes) {
    if (state[c.feature] != FREE || !pick[c.feature] || front.price[c.chosen] != 0.0) continue;
    double without = 0.0;
    for (const Class& other : classes)
      if (&other != &c && pick[other.feature]) without += front.gain[other.chosen];
    if (without >= bar) pick[c.feature] = 0;
  }
}

}  // namespace recourse::additive
