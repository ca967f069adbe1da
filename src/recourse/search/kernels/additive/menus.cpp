// Prepare menu rows: Pareto fronts and their lower convex hulls.
#include "additive.hpp"

namespace recourse::additive {

namespace {

std::int64_t longest_of(const In<std::int64_t>& ptr) {
  std::int64_t longest = 1;
  for (std::size_t r = 0; r + 1 < ptr.size(); ++r)
    longest = std::max(longest, ptr.data()[r + 1] - ptr.data()[r]);
  return longest;
}

}  // namespace

Menus::Menus(In<std::int64_t> ptr, In<double> g, In<double> p, bool with_changed)
    : n_rows(std::int64_t(ptr.size()) - 1),
      n_items(std::int64_t(g.size()) * (with_changed ? 2 : 1)), longest(longest_of(ptr)),
      rows(n_rows * (with_changed ? 2 : 1)),
      front{Raw<double>(new double[n_items]), Raw<double>(new double[n_items]),
            Raw<int>(new int[n_items])},
      hull(n_items), row_ptr(ptr), gains(g), prices(p), changed(with_changed) {}

void Menus::prepare(std::int64_t start, std::int64_t stop) {
  prepare(start, stop, false);
  if (changed) prepare(start, stop, true);
}

void Menus::prepare(std::int64_t start, std::int64_t stop, bool moves_only) {
  const std::int64_t* ptr = row_ptr.data();
  std::vector<std::pair<double, int>> moves;  // (price, item)
  // The rows of one call are packed from the place that their first row certainly has to itself.
  std::int64_t n = ptr[start] + (moves_only ? ptr[n_rows] : 0), end = n;
  for (std::int64_t r = start; r < stop; ++r) {
    const double *g = gains.data() + ptr[r], *p = prices.data() + ptr[r];
    const int items = int(ptr[r + 1] - ptr[r]);
    Row& row = rows[moves_only ? r + n_rows : r];
    row.first = n;
    if (!moves_only) {
      front.gain[n] = front.price[n] = 0.0;
      front.item[n++] = 0;
    }
    moves.clear();
    for (int k = 1; k < items; ++k)
      if (moves_only || g[k] > 0.0) moves.push_back({p[k], k});
    if (!moves.empty() && moves.back() < moves.front()) std::reverse(moves.begin(), moves.end());
    if (!std::is_sorted(moves.begin(), moves.end())) std::sort(moves.begin(), moves.end());

    const std::int64_t moved = n;
    double best = moves_only ? -INF : 0.0;
    for (const auto& [price, k] : moves) {
      if (g[k] <= best) continue;
      best = g[k];
      if (n > moved && front.price[n - 1] == price) --n;
      front.gain[n] = best;
      front.price[n] = price;
      front.item[n++] = k;
    }
    if (!moves_only && n > moved && front.price[moved] == 0.0) ++row.first;
    row.stop = n;

    row.hull = end;
    row.size = 0.0;
    if (n > row.first) {
      const double lowest = front.gain[row.first];
      hull.set(end++, row.first, lowest, front.price[row.first], 0.0);
      for (std::int64_t k = row.first + 1; k < n; ++k)
        end = hull.push(row.hull, end, k, front.gain[k], front.price[k]);
      row.size = std::max(front.gain[n - 1], -lowest);
    }
    row.hull_stop = end;
  }
}

}  // namespace recourse::additive
