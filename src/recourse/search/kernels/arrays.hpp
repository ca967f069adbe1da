// NumPy arrays as typed views, looked up by name: a wrong type, shape or name is an error in
// Python.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace recourse {

template <class T>
using In = nanobind::ndarray<const T, nanobind::ndim<1>, nanobind::c_contig, nanobind::device::cpu>;

template <class T>
using InTable =
    nanobind::ndarray<const T, nanobind::ndim<2>, nanobind::c_contig, nanobind::device::cpu>;

template <class T>
using Out = nanobind::ndarray<T, nanobind::ndim<1>, nanobind::c_contig, nanobind::device::cpu>;

template <class T>
using OutTable = nanobind::ndarray<T, nanobind::ndim<2>, nanobind::c_contig, nanobind::device::cpu>;

// Rows of equal length, one after the other.
template <class T>
struct Table {
  std::vector<T> cells;
  std::int64_t width = 0;

  const T* operator[](std::int64_t row) const { return cells.data() + row * width; }
  std::int64_t rows() const { return width ? std::int64_t(cells.size()) / width : 0; }
};

template <class T>
std::vector<T> list(const nanobind::dict& given, const char* name) {
  const auto array = nanobind::cast<In<T>>(given[name]);
  return std::vector<T>(array.data(), array.data() + array.size());
}

template <class T>
Table<T> table(const nanobind::dict& given, const char* name) {
  const auto array = nanobind::cast<InTable<T>>(given[name]);
  return {{array.data(), array.data() + array.size()}, std::int64_t(array.shape(1))};
}

}  // namespace recourse
