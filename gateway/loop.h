// Small owners of libevent's events: a Timer that fires once, and a Mailbox through which other
// threads hand a loop work of the control plane. A Timer belongs to its loop's thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

struct event;
struct event_base;

namespace oriel::gateway {

struct EventFree {
  void operator()(event* e) const;
};
using EventPtr = std::unique_ptr<event, EventFree>;

class Timer {
 public:
  Timer(event_base* base, std::function<void()> fire);
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  // Fires once, `after` from now; arming again moves it. Zero: from a clean stack, in this loop
  // turn.
  void arm(std::chrono::milliseconds after);
  // Fires in the next loop turn, behind whatever is ready by then.
  void arm_next_turn();
  void cancel();

 private:
  static void on_fire(int, short, void* self);
  std::function<void()> fire_;
  EventPtr event_;
};

// Bounded by its users: the control plane posts a handful of jobs, never one per request of a
// client other than a scrape.
class Mailbox {
 public:
  using Job = std::function<void()>;
  explicit Mailbox(event_base* base);
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;
  ~Mailbox();
  // Any thread. The job runs on the loop's thread, in order.
  void post(Job job);

 private:
  static void on_wake(int, short, void* self);
  std::mutex mutex_;
  std::vector<Job> jobs_;
  int wake_fd_;  // an eventfd: the loop itself needs no locks
  EventPtr event_;
};

}  // namespace oriel::gateway
