// Prepare menu rows: Pareto fronts and their lower convex hulls.
#include "additive.hpp"

namespace recourse::additive {

void Hull::resize(std::int64_t n) {
  gain.resize(n);
  price.resize(n);
  slope.resize(n);
  at.resize(n);
}

void Hull::set(std::int64_t i, std::int64_t where, double g, double p, double s) {
  gain[i] = g;
  price[i] = p;
  slope[i] = s;
  at[i] = where;
}

std::int64_t Hull::push(std::int64_t start, std::int64_t stop, std::int64_t where, double g,
                        double p) {
  double steepness;
  while (true) {
    steepness = slope_of(p - price[stop - 1], g - gain[stop - 1]);
    if (stop - 1 <= start || steepness > slope[stop - 1]) break;
    --stop;
  }
  set(stop, where, g, p, steepness);
  return stop + 1;
}

Menus::Menus(In<std::int64_t> ptr, In<double> g, In<double> p, bool with_changed)
    : n_rows(std::int64_t(ptr.size()) - 1),
      row_ptr(ptr),
      gains(g),
      prices(p),
      changed(with_changed) {
  const std::int64_t variants = changed ? 2 : 1, stored = variants * std::int64_t(gains.size());
  for (std::int64_t r = 0; r < n_rows; ++r)
    longest = std::max(longest, row_ptr.data()[r + 1] - row_ptr.data()[r]);
  rows.resize(variants * n_rows);
  front.gain.resize(stored);
  front.price.resize(stored);
  front.item.resize(stored);
  hull.resize(stored);
}

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
    std::sort(moves.begin(), moves.end());

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
