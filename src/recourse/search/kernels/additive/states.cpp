// The list dynamic programme over the core, class by class, with states sorted by falling gain.
#include <numeric>

#include "additive.hpp"

namespace recourse::additive {

int Solver::search_states(double bar, double extra, int most, double cut) {
  const int cores = int(core_order.size()), top = std::max(most, 0);
  const double charge = most > 0 ? extra * most : 0.0, near = EQUAL * value;
  double below = std::min(value, cut), best = value;
  found_depth = found_item = found_steps = -1;
  found_state = -1;
  dropped = INF;
  set_steps(extra);
  steps_left.resize(steps.size());
  std::iota(steps_left.begin(), steps_left.end(), 0);
  make_room(rest, steps.size() + 1);
  make_room(states, 1);
  states[0] = {fixed_gain, fixed_price, proven, -1, -1, fixed_count};
  std::int64_t from = 0, to = 1;
  for (int depth = 0; depth < cores; ++depth) {
    const int i = core_order[depth];
    const int ahead = set_rest(depth, extra, most);
    const std::int64_t n_states = to - from;
    std::int64_t have = 0;
    int t_first = 0;
    for (int k = core_start[i + 1] - 1; k >= core_start[i]; --k) {
      if (have + n_states > max_states) have = drop(have, (max_states - n_states) / 2);
      make_room(fresh, have + n_states);
      work(n_states + have);
      const Item item = items[k];
      const Rest* after = rest.data();
      Partial* next =
          fresh.data() + have;  // new states wait behind the level's until they are merged
      int t = t_first;  // items come with falling gain, so what the first state misses only rises
      bool first = true;
      for (std::int64_t s = from; s < to; ++s) {
        const Partial& state = states[s];
        if (state.bound >= below - near) continue;
        const int count = state.count + item.count;
        if (most >= 0 && count > most) continue;
        const double gain_s = state.gain + item.gain, price_s = state.price + item.price;
        const double wanted = bar - gain_s;
        int e = 0;
        double lower = after[0].price;
        if (wanted > after[0].gain) {
          while (t < ahead && after[t + 1].gain < wanted) ++t;
          if (first) t_first = t;
          first = false;
          if (t >= ahead) break;  // gains only fall from here: nothing more reaches the bar
          e = t + 1;
          lower = after[t].price + after[e].slope * (wanted - after[t].gain);
        }
        first = false;
        double upper = after[e].price;
        if (most >= 0) {
          upper -= extra * after[e].count;
          lower += extra * count - charge;
        }
        lower += price_s;
        if (price_s + upper < below - near && (most < 0 || count + after[e].count <= most)) {
          best = below = price_s + upper;
          found_depth = depth;
          found_state = s;
          found_item = k;
          found_steps = e;
        }
        if (lower < below - near && depth < cores - 1)
          *next++ = {gain_s, price_s, lower, int(s), k, count};
      }
      const std::int64_t found_now = next - fresh.data();
      if (have > 0 && found_now > have) have = merge(have, found_now, top);
      else have = found_now;
    }
    if (to + have > max_states) have = drop(have, (max_states - to) / (cores - depth));
    if (have == 0) break;
    make_room(states, to + have);
    std::copy_n(fresh.begin(), have, states.begin() + to);
    from = to;
    to += have;
  }
  if (found_depth >= 0) {
    value = best;
    choose_found();
  }
  if (dropped < below - near) {  // everything cheaper descends from the states that were dropped
    proven = std::max(proven, dropped);
    return FEASIBLE;
  }
  proven = std::min(value, cut);
  return value < cut ? OPTIMAL : NOT_BETTER;
}

// Merge the new states into the level's, dropping those that another one dominates.
std::int64_t Solver::merge(std::int64_t have, std::int64_t found_now, int top) {
  make_room(merged, found_now);
  least.assign(top + 1, INF);
  const Partial *u = fresh.data(), *v = u + have;
  const Partial *const u_end = v, *const v_end = u + found_now;
  Partial* out = merged.data();
  while (u < u_end || v < v_end) {
    const bool take_u =
        v == v_end ||
        (u < u_end && (u->gain > v->gain || (u->gain == v->gain && u->price <= v->price)));
    const Partial& state = take_u ? *u++ : *v++;
    if (state.price >= least[state.count]) continue;
    *out++ = state;
    for (int z = state.count; z <= top; ++z) least[z] = std::min(least[z], state.price);
  }
  std::swap(fresh, merged);
  return out - fresh.data();
}

// Keep the `keep` states of the lowest bound, in place and in order; notes the lowest bound
// dropped.
std::int64_t Solver::drop(std::int64_t have, std::int64_t keep) {
  if (keep >= have) return have;
  keys.clear();
  for (std::int64_t s = 0; s < have; ++s) keys.push_back({fresh[s].bound, int(s)});
  std::nth_element(keys.begin(), keys.begin() + keep, keys.end());
  dropped = std::min(dropped, keys[keep].first);
  kept.assign(have, 0);
  for (std::int64_t s = 0; s < keep; ++s) kept[keys[s].second] = 1;
  std::int64_t n = 0;
  for (std::int64_t s = 0; s < have; ++s)
    if (kept[s]) fresh[n++] = fresh[s];
  return n;
}

// Turn the best action found into `chosen`: its state's items, then steps of the classes to come.
void Solver::choose_found() {
  const auto choose = [&](int core, std::int64_t item) {
    classes[core_class[core]].chosen = items[item].at;
  };
  for (Class& c : classes)
    if (c.kept >= 0) c.chosen = c.kept;
  for (int z = found_depth + 1; z < int(core_order.size()); ++z)
    choose(core_order[z], core_start[core_order[z]]);
  int done = 0;
  for (const Step& step : steps) {
    if (done == found_steps) break;
    if (step.rank <= found_depth) continue;
    choose(core_order[step.rank], step.item);
    ++done;
  }
  choose(core_order[found_depth], found_item);
  for (std::int64_t s = found_state, z = found_depth - 1; z >= 0; --z) {
    choose(core_order[z], states[s].item);
    s = states[s].parent;
  }
}

}  // namespace recourse::additive
