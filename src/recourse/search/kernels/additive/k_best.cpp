// The K best subsets of features: Lawler's partition. Each found subset splits the rest of its
// space.
#include "additive.hpp"

namespace recourse::additive {

std::int64_t Solver::best(std::int64_t start, std::int64_t stop, int ranks, int mode, Results out) {
  for (std::int64_t person = start; person < stop; ++person) {
    const std::int64_t at = person * ranks;
    const Results here{out.pick + at * m,   out.cost + at,        out.total + at,
                       out.cost_bound + at, out.total_bound + at, out.status + at};
    try {
      best_of(person, ranks, mode, here);
    } catch (const Stopped&) {
      clear(here, ranks, UNKNOWN, 0.0);
      return person;
    } catch (...) {  // Ctrl-C, say
      clear(here, ranks, UNKNOWN, 0.0);
      throw;
    }
  }
  return stop;
}

// Write that nothing was found, for this status and with this bound.
void Solver::clear(Results out, int ranks, int status, double bound) const {
  std::fill_n(out.pick, std::int64_t(ranks) * m, 0);
  std::fill_n(out.status, ranks, std::uint8_t(status));
  for (double* cost : {out.cost, out.total}) std::fill_n(cost, ranks, INF);
  for (double* low : {out.cost_bound, out.total_bound}) std::fill_n(low, ranks, bound);
}

void Solver::best_of(std::int64_t person, int ranks, int mode, Results out) {
  clear(out, ranks, INFEASIBLE, INF);
  ranked.assign(ranks, {INF, INF, INF, INF});
  nodes.clear();
  node_state.clear();
  node_pick.clear();
  split.resize(m);
  unproven = false;
  load_masks(person);
  add_node(person, ranks);
  int done = 0;
  while (done < ranks && !nodes.empty()) {
    std::size_t cheapest_node = 0;
    double low_cost = INF, low_total = INF;
    for (std::size_t n = 0; n < nodes.size(); ++n) {
      const Answer& one = nodes[n].answer;
      if (one.below(nodes[cheapest_node].answer)) cheapest_node = n;
      if (n > 0 && !(one.cost_bound < low_cost ||
                     (one.cost_bound == low_cost && one.total_bound < low_total)))
        continue;
      low_cost = one.cost_bound;
      low_total = one.total_bound;
    }
    const Node node = nodes[cheapest_node];
    take_node(cheapest_node);  // its state goes to `split`, its picks to `pick`

    int earlier = -1;  // an earlier subset that this one contains
    for (int r = 0; mode == MINIMAL && r < done && earlier < 0; ++r) {
      const int* before = out.pick + r * m;
      bool inside = true;
      for (int j = 0; j < m && inside; ++j) inside = before[j] == 0 || pick[j] != 0;
      if (inside) earlier = r;
    }
    if (earlier < 0) {
      const double cost = node.answer.cost, total = node.answer.total;
      int status = node.status;
      if (low_cost < cost * (1.0 - EQUAL)) status = FEASIBLE;
      else low_cost = cost;
      if (by_max && low_cost == cost && low_total < total) {
        if (low_total < total * (1.0 - EQUAL)) status = FEASIBLE;
      } else {
        low_total = std::min(low_total, total);
      }
      if (!by_max) low_total = low_cost;
      if (unproven) {
        status = FEASIBLE;
        low_cost = low_total = 0.0;
      }
      std::copy(pick.begin(), pick.end(), out.pick + done * m);
      out.cost[done] = cost;
      out.total[done] = total;
      out.cost_bound[done] = low_cost;
      out.total_bound[done] = low_total;
      out.status[done] = std::uint8_t(status);
      earlier = done++;
      if (done == ranks) break;
    }

    // Split what the node covered, without the sets that are done with.
    const int* before = out.pick + earlier * m;
    for (int j = 0; j < m; ++j) {
      const bool changed = before[j] != 0;
      if (split[j] != FREE || (mode != DISTINCT && !changed)) continue;
      state = split;
      if (mode == EXCLUSIVE) {
        for (int r = 0; r < m; ++r)
          if (before[r] != 0 && state[r] == FREE) state[r] = OUT;
      } else {
        state[j] = changed ? OUT : IN;
      }
      add_node(person, mode == DISTINCT ? ranks : 0);
      if (mode == EXCLUSIVE) break;
      split[j] = changed ? IN : OUT;
    }
  }
  if (unproven)
    clear({out.pick + done * m, out.cost + done, out.total + done, out.cost_bound + done,
           out.total_bound + done, out.status + done},
          ranks - done, UNKNOWN, 0.0);
}

// Take a node out: the last one fills its place.
void Solver::take_node(std::size_t node) {
  const auto masks = node_state.begin() + node * m;
  const auto picks = node_pick.begin() + node * m;
  std::copy_n(masks, m, split.begin());
  std::copy_n(picks, m, pick.begin());
  std::copy_n(node_state.end() - m, m, masks);
  std::copy_n(node_pick.end() - m, m, picks);
  nodes[node] = nodes.back();
  nodes.pop_back();
  node_state.resize(nodes.size() * m);
  node_pick.resize(nodes.size() * m);
}

// Solve under `state` and store the answer as a node; with `ranks`, drop what can't be among them.
void Solver::add_node(std::int64_t person, int ranks) {
  const Answer cut = ranks > 0 ? ranked.back() : Answer{INF, INF, INF, INF};
  work(1000);
  const int status = answer(person, cut.cost, cut.total);
  if (status == UNKNOWN) unproven = true;
  if (status > FEASIBLE) return;
  nodes.push_back({found, status});
  node_state.insert(node_state.end(), state.begin(), state.end());
  node_pick.insert(node_pick.end(), pick.begin(), pick.end());
  if (ranks == 0 || !found.below(ranked.back())) return;
  ranked.pop_back();
  const auto after = [](const Answer& a, const Answer& b) { return a.below(b); };
  ranked.insert(std::upper_bound(ranked.begin(), ranked.end(), found, after), found);
}

}  // namespace recourse::additive
