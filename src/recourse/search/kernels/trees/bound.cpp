// Bound a box: its cost by its cheapest point, its score by the best leaves that it can still
// reach.
#include "trees.hpp"

namespace recourse::trees {

// Price the box at hand by its cheapest point, which becomes `point`.
void Solver::price_box() {
  at_least = {};
  forced = 0;
  for (int j = 0; j < s.n_blocks; ++j) {
    point[j] = first(j);
    const State& state = states[point[j]];
    if (state.peak > at_least.peak) at_least.peak = state.peak;
    at_least.sum += state.least;
    forced += state.fewest;
  }
}

// Bound the box's score, score its cheapest point, and vote for the test to split by.
void Solver::bound() {
  std::fill(votes.begin(), votes.end(), 0.0);
  most = here = base;
  for (std::size_t t = 0; t < live.size(); ++t) {
    if (most + rest[t] < s.low) {
      most += rest[t];
      return;
    }
    tree_best = -INF;
    tree_split = -1;
    reach(live[t], at_least, forced, -1);
    most += tree_best;
    here += tree_here;
    if (tree_split >= 0) votes[tree_split] += tree_best - tree_here;
  }
}

// Visit the leaves below a node that may be best; `split` is where the way left the cheapest
// point's.
void Solver::reach(int node, Cost cost, int forced, int split) {
  while (true) {
    const Node& at = tree[node];
    if (split >= 0 && at.value <= tree_best) return;
    if (at.test < 0) {
      if (split < 0) tree_here = at.value;
      if (at.value > tree_best) {
        tree_best = at.value;
        tree_split = split;
      }
      return;
    }
    const Sides first = sides(at.test);
    if (first.right < 0) {
      node = at.left;
      continue;
    }
    if (first.left < 0) {
      node = at.right;
      continue;
    }
    const bool near_left = first.near_left();
    const std::int64_t saved = enter(at.test, near_left);
    reach(near_left ? at.left : at.right, cost, forced, split);
    const int other = near_left ? at.right : at.left;
    if (tree[other].value > tree_best) {
      turn(first.nearer(), first.farther(), cost, forced);
      if (cheaper(cost) && within(forced)) {
        flip(at.test, !near_left, saved);
        reach(other, cost, forced, split < 0 ? at.test : split);
      }
    }
    leave(tests[at.test].block, saved);
    return;
  }
}

}  // namespace recourse::trees
