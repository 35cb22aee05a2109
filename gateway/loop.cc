#include "gateway/loop.h"

#include <event2/event.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <utility>

namespace oriel::gateway {

void EventFree::operator()(event* e) const { event_free(e); }

Timer::Timer(event_base* base, std::function<void()> fire)
    : fire_(std::move(fire)), event_(evtimer_new(base, &Timer::on_fire, this)) {}

void Timer::arm(std::chrono::milliseconds after) {
  if (after.count() <= 0) {
    event_active(event_.get(), EV_TIMEOUT, 0);
    return;
  }
  timeval wait{};
  wait.tv_sec = static_cast<time_t>(after.count() / 1000);
  wait.tv_usec = static_cast<suseconds_t>(after.count() % 1000 * 1000);
  evtimer_add(event_.get(), &wait);
}

void Timer::arm_next_turn() {
  // What is made active now would still run in this turn; a timeout of zero waits for the poll.
  constexpr timeval kNow{};
  evtimer_add(event_.get(), &kNow);
}

void Timer::cancel() { evtimer_del(event_.get()); }

void Timer::on_fire(int, short, void* self) { static_cast<Timer*>(self)->fire_(); }

Mailbox::Mailbox(event_base* base)
    : wake_fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      event_(event_new(base, wake_fd_, EV_READ | EV_PERSIST, &Mailbox::on_wake, this)) {
  event_add(event_.get(), nullptr);
}

Mailbox::~Mailbox() {
  event_.reset();
  close(wake_fd_);
}

void Mailbox::post(Job job) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  eventfd_write(wake_fd_, 1);
}

void Mailbox::on_wake(int fd, short, void* self) {
  eventfd_t count = 0;
  eventfd_read(fd, &count);
  auto& mailbox = *static_cast<Mailbox*>(self);
  std::vector<Job> jobs;
  {
    const std::lock_guard lock(mailbox.mutex_);
    jobs.swap(mailbox.jobs_);
  }
  for (Job& job : jobs) job();
}

}  // namespace oriel::gateway
