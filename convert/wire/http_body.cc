#include <algorithm>
#include <utility>

#include "convert/wire/chars.h"
#include "convert/wire/http_request.h"
#include "convert/wire/make_error.h"

// The chunked coding: RFC 9112 §7.1.
namespace oriel::convert::wire {
namespace {

constexpr int kMaxSizeDigits = 16;  // of 64 bits

bool is_blank(char c) { return c == ' ' || c == '\t'; }

}  // namespace

BodyParser::BodyParser(const BodyFraming& framing, std::size_t max_body, const HttpLimits& limits)
    : framing_(framing), limits_(limits), max_body_(max_body) {
  switch (framing_.kind) {
    case BodyFraming::Kind::none: step_ = Step::done; break;
    case BodyFraming::Kind::chunked: step_ = Step::size; break;
    case BodyFraming::Kind::length:
      remaining_ = framing_.length;
      step_ = remaining_ > max_body_ ? refuse(client_error(ErrorKind::too_large)) : Step::data;
      break;
  }
}

ParseState BodyParser::parse(std::string_view bytes, json::PaddedBuffer& body) {
  used_ = 0;
  while (used_ < bytes.size() && step_ != Step::done && step_ != Step::refused) {
    if (step_ == Step::data) {
      used_ += take_data(bytes.substr(used_), body);
    } else {
      step_ = take_byte(bytes[used_++]);
    }
  }
  if (step_ == Step::refused) return ParseState::refused;
  return step_ == Step::done ? ParseState::done : ParseState::need_more;
}

std::size_t BodyParser::take_data(std::string_view bytes, json::PaddedBuffer& body) {
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), remaining_));
  body.append(bytes.substr(0, count));
  remaining_ -= count;
  received_ += count;
  if (remaining_ == 0) {
    step_ = framing_.kind == BodyFraming::Kind::chunked ? Step::data_cr : Step::done;
  }
  return count;
}

BodyParser::Step BodyParser::take_byte(char c) {
  switch (step_) {
    case Step::size:
    case Step::size_lf: return take_size(c);
    case Step::data_cr: return c == '\r' ? Step::data_lf : refuse_chunk();
    case Step::data_lf: return c == '\n' ? Step::size : refuse_chunk();
    case Step::trailer:
    case Step::trailer_name:
    case Step::trailer_value:
    case Step::trailer_lf:
    case Step::last_lf: return take_trailer(c);
    case Step::data:
    case Step::done:
    case Step::refused: return step_;
    default: return take_extension(c);
  }
}

BodyParser::Step BodyParser::take_size(char c) {
  if (step_ == Step::size_lf) return c == '\n' ? finish_size() : refuse_chunk();
  const int digit = hex_value(c);
  if (digit >= 0) {
    if (++digits_ > kMaxSizeDigits) return refuse_chunk();
    remaining_ = remaining_ << 4 | static_cast<unsigned>(digit);
    return Step::size;
  }
  if (digits_ == 0) return refuse_chunk();
  if (c == '\r') return Step::size_lf;
  spent_ = 1;
  if (c == ';') return Step::extension;
  return is_blank(c) ? Step::size_blank : refuse_chunk();
}

// *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] ), skipped.
BodyParser::Step BodyParser::take_extension(char c) {
  if (++spent_ > limits_.max_chunk_extension && c != '\r') return refuse_chunk();
  switch (step_) {
    case Step::size_blank:
    case Step::extension_end_blank:
      if (is_blank(c)) return step_;
      return c == ';' ? Step::extension : refuse_chunk();
    case Step::extension:
      if (is_blank(c)) return step_;
      return is_token_char(c) ? Step::extension_name : refuse_chunk();
    case Step::extension_name:
      if (is_token_char(c)) return step_;
      if (c == '=') return Step::extension_value;
      return is_blank(c) ? Step::extension_name_blank : after_extension(c);
    case Step::extension_name_blank:
      if (is_blank(c)) return step_;
      if (c == '=') return Step::extension_value;
      return c == ';' ? Step::extension : refuse_chunk();
    case Step::extension_value:
      if (is_blank(c)) return step_;
      if (c == '"') return Step::extension_quoted;
      return is_token_char(c) ? Step::extension_token : refuse_chunk();
    case Step::extension_token: return is_token_char(c) ? step_ : after_extension(c);
    case Step::extension_quoted:
      if (c == '"') return Step::extension_end;
      if (c == '\\') return Step::extension_quoted_pair;
      return is_field_char(c) ? step_ : refuse_chunk();
    case Step::extension_quoted_pair:
      return is_field_char(c) ? Step::extension_quoted : refuse_chunk();
    default: return after_extension(c);
  }
}

BodyParser::Step BodyParser::after_extension(char c) {
  if (c == '\r') return Step::size_lf;
  if (c == ';') return Step::extension;
  return is_blank(c) ? Step::extension_end_blank : refuse_chunk();
}

// The chunk's size is known: its data follows, or the trailers.
BodyParser::Step BodyParser::finish_size() {
  digits_ = 0;
  spent_ = 0;
  if (remaining_ == 0) return Step::trailer;
  if (remaining_ > max_body_ - received_) return refuse(client_error(ErrorKind::too_large));
  return Step::data;
}

// Field lines, checked and dropped, until the empty one.
BodyParser::Step BodyParser::take_trailer(char c) {
  if (++spent_ > limits_.max_trailer) return refuse(client_error(ErrorKind::header_too_large));
  const auto bad = [&] {
    return refuse(client_error(ErrorKind::invalid_request, "Invalid trailer."));
  };
  switch (step_) {
    case Step::trailer:
      if (c == '\r') return Step::last_lf;
      return is_token_char(c) ? Step::trailer_name : bad();
    case Step::trailer_name:
      if (c == ':') return Step::trailer_value;
      return is_token_char(c) ? step_ : bad();
    case Step::trailer_value:
      if (c == '\r') return Step::trailer_lf;
      return is_field_char(c) ? step_ : bad();
    case Step::trailer_lf: return c == '\n' ? Step::trailer : bad();
    default: return c == '\n' ? Step::done : bad();
  }
}

BodyParser::Step BodyParser::refuse(Error error) {
  error_ = std::move(error);
  return Step::refused;
}

BodyParser::Step BodyParser::refuse_chunk() {
  return refuse(client_error(ErrorKind::invalid_request, "Invalid chunked body."));
}

}  // namespace oriel::convert::wire
