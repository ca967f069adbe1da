// Conditions across blocks: linear sums, and sets of features that an action may not change.
#include "trees.hpp"

namespace recourse::trees {

// Whether a state changes just what an excluded set has in this block, or at least that.
bool Solver::matches(int set, int block, int state) const {
  const std::int64_t bits = excluded[set][block], changed = states[state].changed;
  return excluded_kind[set] ? !(bits & ~changed) : bits == changed;
}

// The first excluded set that `point` runs into, or -1.
int Solver::excluded_at() const {
  for (int set = 0; set < int(excluded_kind.size()); ++set) {
    int j = 0;
    while (j < s.n_blocks && matches(set, j, point[j])) ++j;
    if (j == s.n_blocks) return set;
  }
  return -1;
}

// Part the states that match an excluded set from those that don't, in one block that has both.
Next Solver::split_excluded(int set) {
  for (int j = 0; j < s.n_blocks; ++j) {
    bool outside = false;
    std::fill_n(far.begin(), word[j + 1] - word[j], 0);
    each(j, [&](int state) {
      if (matches(set, j, state)) return;
      const int k = state - start[j];
      far[k / BITS] |= only_bit(k % BITS);
      outside = true;
    });
    if (!outside) continue;
    for (int w = word[j]; w < word[j + 1]; ++w) box[w] &= ~far[w - word[j]];
    return keep_far(j);
  }
  return STOP;
}

// Whether no point of the box meets a linear condition: all change what it reads, and no sum fits.
bool Solver::out_of_reach(const Condition& condition) const {
  double low = 0.0, high = 0.0, size = 0.0;
  bool stays = true;
  for (int j = 0; j < s.n_blocks; ++j) {
    if (!condition.reads[j]) continue;
    double least = INF, largest = -INF;
    bool stay = false;
    each(j, [&](int state) {
      const std::int64_t k = states[state].number;
      const double value = condition.coefficient[k];
      if (value < least) least = value;
      if (value > largest) largest = value;
      if (condition.still[k]) stay = true;
    });
    stays = stays && stay;
    low += least;
    high += largest;
    size += size_of(largest) + size_of(least);
  }
  if (stays) return false;
  const double least = condition.least[person], largest = condition.most[person];
  return high < least - LOOSE * (1.0 + size - least) ||
         low > largest + LOOSE * (1.0 + size + largest);
}

// Whether `point` meets a linear condition: 1 yes, -1 no, 0 too close to tell.
int Solver::meets(const Condition& condition) const {
  const double low = condition.least[person], high = condition.most[person];
  double total = 0.0, size = 1.0;
  bool still = true;
  for (int j = 0; j < s.n_blocks; ++j) {
    if (!condition.reads[j]) continue;
    const std::int64_t k = states[point[j]].number;
    total += condition.coefficient[k];
    size += size_of(condition.coefficient[k]);
    if (!condition.still[k]) still = false;
  }
  if (still || (total >= low - EQUAL * size && total <= high + EQUAL * size)) return 1;
  if (low > -INF) size += size_of(low);
  if (high < INF) size += size_of(high);
  return total < low - LOOSE * size || total > high + LOOSE * size ? -1 : 0;
}

// Part the block whose coefficients differ most, halfway between the smallest and the largest.
Next Solver::split_linear(const Condition& condition) {
  const auto coefficient = [&](int state) { return condition.coefficient[states[state].number]; };
  int chosen = -1;
  double half = 0.0, span = 0.0;
  for (int j = 0; j < s.n_blocks; ++j) {
    if (!condition.reads[j]) continue;
    double least = INF, largest = -INF;
    each(j, [&](int state) {
      const double value = coefficient(state);
      if (value < least) least = value;
      if (value > largest) largest = value;
    });
    if (largest - least > span) {
      span = largest - least;
      half = least + 0.5 * span;
      if (half >= largest) half = least;  // neighbours: halfway is rounded to one of them
      chosen = j;
    }
  }
  if (chosen < 0) return split_point(true);
  const bool above = coefficient(point[chosen]) > half;
  std::fill_n(far.begin(), word[chosen + 1] - word[chosen], 0);
  each(chosen, [&](int state) {
    const int k = state - start[chosen];
    if ((coefficient(state) > half) != above) far[k / BITS] |= only_bit(k % BITS);
  });
  for (int w = word[chosen]; w < word[chosen + 1]; ++w) box[w] &= ~far[w - word[chosen]];
  return keep_far(chosen);
}

}  // namespace recourse::trees
