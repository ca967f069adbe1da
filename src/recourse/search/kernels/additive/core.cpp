// Prove an action or find a better one: fix items by reduced cost; what is left is the core.
#include "additive.hpp"

namespace recourse::additive {

// `extra` is the multiplier per change. On entry `chosen` and `value` are an action, `proven` is
// the bound.
int Solver::core(double bar, double extra, int most, double cut) {
  const double gap = std::min(value, cut) - proven - EQUAL * value;
  if (gap <= 0.0) {
    if (value >= cut) return NOT_BETTER;
    proven = std::min(proven, value);
    return OPTIMAL;
  }
  n_items = 0;
  core_class.clear();
  core_start.clear();
  keys.clear();
  fixed_gain = fixed_price = 0.0;
  fixed_count = 0;
  for (int i = 0; i < int(classes.size()); ++i) {
    Class& c = classes[i];
    const int begun = n_items;
    add_items(c, gap, extra, most);
    const std::int64_t here = c.hull->at[c.at];
    if (n_items - begun <= 1) {
      n_items = begun;
      fixed_gain += c.hull->gain[c.at];
      fixed_price += front.price[here];
      if (most >= 0 && c.counted && here != c.low) ++fixed_count;
      c.kept = here;
      continue;
    }
    // First the classes that keep the relaxation loose: a wide choice around long hull steps.
    double width = 0.0;
    if (c.at > c.hull_low) width = c.hull->gain[c.at] - c.hull->gain[c.at - 1];
    if (c.at + 1 < c.hull_end) width = std::max(width, c.hull->gain[c.at + 1] - c.hull->gain[c.at]);
    keys.push_back(
        {-width * (items[n_items - 1].gain - items[begun].gain), int(core_class.size())});
    core_class.push_back(i);
    core_start.push_back(begun);
    c.kept = -1;
  }
  core_start.push_back(n_items);
  if (core_class.empty()) {
    if (value >= cut) return NOT_BETTER;
    proven = value;
    return OPTIMAL;
  }
  std::sort(keys.begin(), keys.end());
  core_order.resize(keys.size());
  core_rank.resize(keys.size());
  for (int z = 0; z < int(keys.size()); ++z) {
    core_order[z] = keys[z].second;
    core_rank[core_order[z]] = z;
  }
  return search_states(bar, extra, most, cut);
}

// Keep the items that can be part of something cheaper.
void Solver::add_items(Class& c, double gap, double extra, int most) {
  const Hull& hull = *c.hull;
  const double here_gain = hull.gain[c.at], here_price = hull.price[c.at];
  const std::int64_t here = hull.at[c.at];
  const bool counts = most >= 0 && c.counted;
  const auto far_off = [&](std::int64_t q) {
    return (hull.price[q] - here_price) - slope * (hull.gain[q] - here_gain) >= gap;
  };
  // Reduced cost grows along the hull in both directions, and items lie above the hull.
  std::int64_t left = c.low, right = c.end - 1, q = c.at;
  while (q > c.hull_low && !far_off(--q)) {}
  if (q < c.at && far_off(q)) left = hull.at[q] + 1;
  q = c.at;
  while (q + 1 < c.hull_end && !far_off(++q)) {}
  if (q > c.at && far_off(q)) right = hull.at[q] - 1;
  make_room(items, n_items + right - left + 1);
  Item* out = items.data() + n_items;
  for (std::int64_t k = left; k <= right; ++k) {
    const double worth = std::min(front.gain[k], c.ceiling), cost = front.price[k];
    const bool changes = counts && k != c.low;
    const double reduced =
        (changes ? cost + extra - here_price : cost - here_price) - slope * (worth - here_gain);
    if (reduced < gap || k == here) *out++ = {worth, cost, k, changes};
  }
  n_items = int(out - items.data());
}

// The hull steps of the core's items, sorted by slope.
void Solver::set_steps(double extra) {
  steps.clear();
  hull_items.resize(n_items);
  slopes.resize(n_items);
  for (int i = 0; i < int(core_class.size()); ++i) {
    int n = 0;
    for (int k = core_start[i]; k < core_start[i + 1]; ++k) {
      const double full_price = items[k].price + extra * items[k].count;
      double steepness = 0.0;
      for (; n > 0; --n) {
        const Item& last = items[hull_items[n - 1]];
        steepness =
            slope_of(full_price - (last.price + extra * last.count), items[k].gain - last.gain);
        if (n == 1 || steepness > slopes[n - 1]) break;
      }
      hull_items[n] = k;
      slopes[n++] = steepness;
    }
    for (int q = 1; q < n; ++q) {
      const Item &to = items[hull_items[q]], &from = items[hull_items[q - 1]];
      const int count = to.count - from.count;
      steps.push_back({to.gain - from.gain, to.price - from.price + extra * count, slopes[q],
                       core_rank[i], hull_items[q], count, int(steps.size())});
    }
  }
  std::sort(steps.begin(), steps.end(), [](const Step& a, const Step& b) {
    return a.slope != b.slope ? a.slope < b.slope : a.number < b.number;
  });
}

// What the classes after this one can still give: first items, then steps by slope. Returns how
// many steps.
int Solver::set_rest(int depth, double extra, int most) {
  Rest last{0.0, 0.0, 0.0, 0};
  for (int z = depth + 1; z < int(core_order.size()); ++z) {
    const Item& item = items[core_start[core_order[z]]];
    last.gain += item.gain;
    last.price += item.price + extra * item.count;
    last.count += item.count;
  }
  Rest* out = rest.data();
  int* ahead = steps_left.data();
  *out = last;
  for (const int q : steps_left) {
    const Step& step = steps[q];
    if (step.rank <= depth) continue;
    *ahead++ = q;
    last.gain += step.gain;
    last.price += step.price;
    last.slope = step.slope;
    if (most >= 0) last.count += step.count;
    *++out = last;
  }
  steps_left.resize(ahead - steps_left.data());
  return int(steps_left.size());
}

}  // namespace recourse::additive
