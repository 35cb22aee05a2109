// A growable byte buffer that always keeps kPadding readable bytes behind its content, so that
// simdjson can walk the content in place. Move-only; owned by whoever reads the body.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <utility>

namespace oriel::json {

class PaddedBuffer {
 public:
  static constexpr std::size_t kPadding = 64;  // SIMDJSON_PADDING (checked in reader.cc)

  PaddedBuffer() = default;
  explicit PaddedBuffer(std::string_view content) { append(content); }
  PaddedBuffer(PaddedBuffer&& other) noexcept
      : data_(std::move(other.data_)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  PaddedBuffer& operator=(PaddedBuffer&& other) noexcept {
    data_ = std::move(other.data_);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
    return *this;
  }

  // Room for `size` bytes of content without another allocation.
  void reserve(std::size_t size) {
    if (size <= capacity_) return;
    void* grown = std::realloc(data_.get(), size + kPadding);
    if (grown == nullptr) throw std::bad_alloc();
    (void)data_.release();
    data_.reset(static_cast<char*>(grown));
    capacity_ = size;
    std::memset(data_.get() + size_, 0, kPadding);
  }
  void append(std::string_view bytes) {
    if (bytes.empty()) return;
    std::memcpy(extend(bytes.size()), bytes.data(), bytes.size());
  }
  // Grows the content by `count` uninitialised bytes and returns where they start.
  char* extend(std::size_t count) {
    if (size_ + count > capacity_) {
      const std::size_t doubled = capacity_ * 2;
      reserve(size_ + count > doubled ? size_ + count : doubled);
    }
    char* start = data_.get() + size_;
    size_ += count;
    std::memset(data_.get() + size_, 0, kPadding);
    return start;
  }
  // Keeps the first `size` bytes of the content.
  void truncate(std::size_t size) {
    if (size < size_) {
      size_ = size;
      std::memset(data_.get() + size_, 0, kPadding);
    }
  }
  void clear() { truncate(0); }

  std::string_view view() const { return {data_.get(), size_}; }
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }

 private:
  struct Free {
    void operator()(char* data) const { std::free(data); }
  };
  std::unique_ptr<char, Free> data_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;  // without the padding
};

}  // namespace oriel::json
