// ChatExchange: one chat completion, from the parsed request to the answer. It holds no JSON of its
// own: the dialect encodes and decodes, the front end prints, the upstream client carries.
//
// States: signing → awaiting_head → collecting (whole answers and errors) or streaming ⇄ paused →
// flushing → done. No byte of the answer leaves before the first upstream event is decoded, so that
// anything earlier is a proper HTTP error (spec/converse.md §0.5, §13).
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "convert/dialect.h"
#include "convert/openai/chat_chunk.h"
#include "gateway/aws/credentials.h"
#include "gateway/aws/sigv4.h"
#include "gateway/exchange/exchange.h"
#include "gateway/routing/router.h"
#include "gateway/upstream/upstream.h"

namespace oriel::gateway {

// What chat exchanges of a worker use besides.
struct ChatContext {
  UpstreamClient* upstream = nullptr;
  aws::Signer* signer = nullptr;
  const Router* router = nullptr;
  std::shared_ptr<const aws::Credentials> credentials;  // null: none were found
  // After the last content: how long its usage may take (spec/converse.md §13.3).
  std::chrono::milliseconds usage_patience{5'000};
  // After a complete answer: how long the transport may take to end, so that its connection is
  // reused.
  std::chrono::milliseconds transfer_patience{1'000};
  std::size_t in_flight = 0;  // chats whose answer has not left; the exchanges count
};

class ChatExchange final : public Exchange, private UpstreamObserver, private convert::DeltaSink {
 public:
  ChatExchange(ExchangeContext& context, ChatContext& chat, http::Request&& request,
               http::Reply& reply);
  ~ChatExchange() override;

  // Parses, routes, encodes and calls; every fault on the way is answered.
  void start();

 private:
  enum class State : std::uint8_t {
    preparing,
    signing,
    awaiting_head,
    collecting,
    streaming,
    paused,
    flushing,  // the answer is written or cut; waiting for the client to take it
    done,
  };

  // Exchange
  void on_flushed() override;
  void on_cut(const convert::Error& error) override;
  void on_reply_drained() override;
  void add_headers(std::vector<convert::Header>& headers) const override;
  // UpstreamObserver
  void on_head(int status, const std::vector<convert::Header>& headers) override;
  void on_body(std::string_view bytes) override;
  void on_done(const TransferResult& result) override;
  // DeltaSink
  void on_delta(const convert::ChatDelta& delta) override;

  convert::Result<void> prepare();
  void hash_slice();
  void call_upstream();
  convert::Result<void> authorise(UpstreamRequest& call);
  void on_answer();
  void on_stream_bytes(std::string_view bytes);
  void on_stream_end(const TransferResult& result);
  void forward();
  void begin_stream();
  void close_stream();
  void drop_chunks();
  void fail(const convert::Error& error);
  void on_timer();
  void end_pause();
  void close_attempt(metrics::Outcome outcome);
  void note_transfer(const TransferResult& result);
  void note_usage(const convert::Usage& usage);
  void note_missing_usage(std::string_view why);
  void note_facts(const convert::UpstreamFacts& facts);
  void note_content(const convert::ChatDelta& delta);
  convert::Envelope envelope();

  ChatContext& chat_;
  State state_ = State::preparing;
  json::PaddedBuffer request_body_;  // freed once encoded
  std::string model_;                // as the client wrote it, escaped
  convert::IncludeUsage include_usage_ = convert::IncludeUsage::no;
  std::optional<Route> route_;
  convert::Encoded encoded_;
  aws::BodyHash hash_;
  std::size_t hashed_ = 0;
  Timer timer_;  // the next slice to hash; later the patience for what follows a stream's content

  std::unique_ptr<UpstreamCall> call_;
  std::unique_ptr<convert::StreamDecoder> decoder_;
  std::unique_ptr<convert::ChunkWriter> chunks_;
  json::PaddedBuffer reply_body_;  // whole answers and errors
  std::vector<convert::Header> reply_headers_;
  std::string out_;  // chunks of this turn
  std::string reply_id_;
  std::int64_t created_ = 0;
  int upstream_status_ = 0;

  SteadyTime call_started_;
  SteadyTime event_time_;  // of the bytes being decoded
  SteadyTime first_content_;
  SteadyTime last_content_;
  SteadyTime paused_since_;
  bool begun_ = false;  // a stream's head was written
  bool content_seen_ = false;
  bool awaits_usage_ = false;  // all content was seen
  bool attempt_closed_ = false;
};

}  // namespace oriel::gateway
