// The linear relaxation: the hull steps up to the slope at which the bar is reached.
#include "additive.hpp"

namespace recourse::additive {

// Set each class's hull: the shared one, or the person's own where items are cut off, clipped or
// cost extra. A class never needs more than the bar minus the other classes' first gains, so it
// ends at its first item that gives this, with no more gain than this: a tighter relaxation.
void Solver::set_hulls(double bar, double extra) {
  const double* gain_at = front.gain.get();
  double base = 0.0;
  own_next = 0;
  for (const Class& c : classes) base += gain_at[c.low];
  for (Class& c : classes) {
    std::int64_t last = c.allowed - 1;
    const double wanted = bar - base + gain_at[c.low] + slack;  // enough in any order of addition
    const bool clipped = gain_at[last] > wanted;
    if (clipped) last = first_at_least(gain_at, c.low, last, wanted);
    c.end = last + 1;
    c.ceiling = clipped ? wanted : gain_at[last];
    if (!clipped && c.end == c.full && !c.counted) {
      c.hull = &menus.hull;
      c.hull_low = c.shared;
      c.hull_end = c.shared_end;
    } else {
      set_own_hull(c, last, extra);
    }
  }
}

void Solver::set_own_hull(Class& c, std::int64_t last, double extra) {
  const Hull& shared = menus.hull;
  const std::int64_t begin = own_next;
  const double add = c.counted ? extra : 0.0;
  std::int64_t stop = begin, q = c.shared;
  if (c.counted) {
    own.set(stop++, c.low, 0.0, 0.0, 0.0);
    if (shared.at[q] == c.low) ++q;
    for (std::int64_t before = begin; q < c.shared_end && shared.at[q] < last; ++q) {
      if (stop - before == 1 && stop - begin > 2) {
        // The last two vertices are neighbours in the shared hull: so are all that follow.
        own.set(stop++, shared.at[q], shared.gain[q], shared.price[q] + add, shared.slope[q]);
        ++before;
        continue;
      }
      before = stop;
      stop = own.push(begin, stop, shared.at[q], shared.gain[q], shared.price[q] + add);
    }
  } else {
    for (; q < c.shared_end && shared.at[q] < last; ++q)
      own.set(stop++, shared.at[q], shared.gain[q], shared.price[q], shared.slope[q]);
    if (stop == begin) own.set(stop++, c.low, front.gain[c.low], front.price[c.low], 0.0);
  }
  const std::int64_t from = q > c.shared ? shared.at[q - 1] + 1 : c.low + 1;
  for (std::int64_t k = std::max(from, c.low + 1); k < last; ++k)
    stop = own.push(begin, stop, k, front.gain[k], front.price[k] + add);
  if (last > c.low) stop = own.push(begin, stop, last, c.ceiling, front.price[last] + add);
  c.hull = &own;
  c.hull_low = begin;
  c.hull_end = own_next = stop;
}

// Solve the linear relaxation over the hulls: `at`, its gain and price, and the class that breaks.
bool Solver::relax(double bar) {
  double fixed = 0.0, pivot = guess;
  cursors.clear();
  for (Class& c : classes) {
    c.at = c.hull_low;
    const double* gain_at = c.hull->gain.get();
    if (c.hull_end - c.hull_low > 1)
      cursors.push_back(
          {c.hull->slope.get(), gain_at, c.at, c.hull_end - 1, 0, int(&c - classes.data())});
    else fixed += gain_at[c.at];
  }
  while (!cursors.empty()) {
    double reached = fixed;
    for (Cursor& one : cursors) {
      one.middle = last_at_most(one.key, one.at, one.top, pivot);
      reached += one.gain[one.middle];
    }
    const bool enough = reached >= bar;
    std::int64_t width = 0;
    double next = pivot;
    auto still = cursors.begin();
    for (Cursor& one : cursors) {
      if (enough) one.top = one.middle - (one.middle > one.at && one.key[one.middle] >= pivot);
      else one.at = one.middle;
      if (one.top == one.at) {
        fixed += one.gain[one.at];
        classes[one.number].at = one.at;
        continue;
      }
      if (one.top - one.at > width) {
        width = one.top - one.at;
        next = one.key[(one.at + one.top + 1) >> 1];
      }
      if (&*still != &one) *still = one;
      ++still;
    }
    cursors.erase(still, cursors.end());
    pivot = next;
  }
  gain = price = 0.0;
  next_slope.clear();
  for (const Class& c : classes) {
    gain += c.hull->gain[c.at];
    price += c.hull->price[c.at];
    next_slope.push_back(c.at + 1 < c.hull_end ? c.hull->slope[c.at + 1] : INF);
  }
  while (true) {
    const auto steepest = std::min_element(next_slope.begin(), next_slope.end());
    const bool none = steepest == next_slope.end() || *steepest == INF;
    breaking = none ? -1 : int(steepest - next_slope.begin());
    slope = none ? 0.0 : *steepest;
    if (gain >= bar) break;  // by rounding: the positions are the optimum of the relaxation
    if (none) return false;
    Class& c = classes[breaking];
    const double more = c.hull->gain[c.at + 1] - c.hull->gain[c.at];
    if (gain + more >= bar) break;
    gain += more;
    price += c.hull->price[c.at + 1] - c.hull->price[c.at];
    ++c.at;
    next_slope[breaking] = c.at + 1 < c.hull_end ? c.hull->slope[c.at + 1] : INF;
  }
  guess = slope;
  missing = std::max(0.0, bar - gain);
  return true;
}

// The cheapest choice that reaches the bar in any order of addition; sets chosen, value, proven.
int Solver::search(double bar, int most, double cut) {
  if (most >= 0) return search_limited(bar, most, cut);
  set_hulls(bar, 0.0);
  if (!relax(bar)) {
    proven = INF;
    return INFEASIBLE;
  }
  proven = price + slope * missing;
  if (proven >= cut * (1.0 - EQUAL)) return NOT_BETTER;
  round_up(bar);
  return core(bar, 0.0, -1, cut);
}

// `search` with at most `most` changes in counted classes: Lagrangian relaxation, then the same
// core.
int Solver::search_limited(double bar, int most, double cut) {
  proven = INF;
  // A first action: the largest gains.
  if (reach_with(most) < bar) return INFEASIBLE;
  value = 0.0;
  for (Class& c : classes) {
    c.chosen = c.opened ? c.allowed - 1 : c.low;
    value += front.price[c.chosen];
  }
  thin(bar);
  const double extra = find_multiplier(bar, most, cut);
  if (extra < 0.0) return INFEASIBLE;
  set_hulls(bar, extra);
  if (!relax(bar)) return INFEASIBLE;
  proven = price + slope * missing - extra * most;
  if (proven < 0.0) proven = 0.0;
  if (proven >= cut * (1.0 - EQUAL)) return NOT_BETTER;
  return core(bar, extra, most, cut);
}

// The price per change that gives the best bound, which is concave and piecewise linear in it: meet
// the tangents from both sides. Negative if the bar is out of reach.
double Solver::find_multiplier(double bar, int most, double cut) {
  double lowest = 0.0, low_bound = 0.0, low_slope = 0.0;
  double highest = 0.0, high_bound = 0.0, high_slope = 0.0;
  double extra = 0.0, best_extra = 0.0, best = -INF, met = INF;
  bool closed = false;
  for (int step = 0; step < 24; ++step) {
    set_hulls(bar, extra);
    if (!relax(bar)) return -1.0;
    const double bound = price + slope * missing - extra * most;
    if (bound > best) {
      best = bound;
      best_extra = extra;
    }
    double changes = 0.0;
    for (const Class& c : classes)
      if (c.counted && c.at > c.hull_low) changes += 1.0;
    if (breaking >= 0 && missing > 0.0) {
      const Class& c = classes[breaking];
      if (c.counted && c.at == c.hull_low)
        changes += missing / (c.hull->gain[c.at + 1] - c.hull->gain[c.at]);
    }
    round_counted(bar, most);
    if (best >= cut * (1.0 - EQUAL) || best >= value * (1.0 - EQUAL)) break;
    if (step > 1 && bound >= met - 1e-6 * value) break;
    if (changes > most) {
      lowest = extra;
      low_bound = bound;
      low_slope = changes - most;
      if (!closed) {
        extra = step == 0 ? value : 4.0 * extra;
        met = INF;
        continue;
      }
    } else {
      if (step == 0) break;
      highest = extra;
      high_bound = bound;
      high_slope = changes - most;
      closed = true;
    }
    extra = high_bound - low_bound + low_slope * lowest - high_slope * highest;
    extra /= low_slope - high_slope;
    met = low_bound + low_slope * (extra - lowest);
    if (extra <= lowest || extra >= highest) break;
  }
  return best_extra;
}

}  // namespace recourse::additive
