#include "gateway/http/server.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <ctime>
#include <utility>

#include "gateway/http/connection.h"
#include "gateway/http/server_core.h"

namespace oriel::gateway::http {
namespace {

std::string text_of(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
  } else if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
  }
  return text;
}

}  // namespace

// ---------------------------------------------------------------------------------------
// ServerCore

void ServerCore::EventFree::operator()(event* e) const { event_free(e); }

ServerCore::ServerCore(ServerOptions options)
    : options_(std::move(options)), turns_event_(event_new(options_.base, -1, 0, on_turns, this)) {
  // Writing to a client that has gone must be an error, not the process's end.
  std::signal(SIGPIPE, SIG_IGN);
}

ServerCore::~ServerCore() {
  listeners_.clear();
  for (std::size_t i = 0; i < connections_.size(); ++i) connections_[i]->on_server_end();
}

void ServerCore::listen(int socket) {
  listeners_.push_back(std::make_unique<Listener>(*this, options_.base, socket));
}

void ServerCore::drain() {
  if (std::exchange(draining_, true)) return;
  for (const auto& listener : listeners_) listener->accept_rest();
  listeners_.clear();
  for (std::size_t i = 0; i < connections_.size(); ++i) connections_[i]->on_drain();
}

bool ServerCore::over_caps(const std::string& peer) const {
  if (connections_.size() - shed_open_ >= limits().max_connections) return true;
  const std::size_t cap = limits().max_connections_per_address;
  if (cap == 0) return false;
  const auto found = per_address_.find(peer);
  return found != per_address_.end() && found->second >= cap;
}

void ServerCore::adopt(int fd, const sockaddr_storage& address) {
  ++counters_.connections_accepted;
  std::string peer = text_of(address);
  const bool over = over_caps(peer);
  if (over) {
    ++counters_.connections_shed;
    // There is room for a few to be told so; the others are closed without a word.
    if (shed_open_ >= limits().shed_reserve) {
      ::close(fd);
      return;
    }
    ++shed_open_;
  }
  if (limits().max_connections_per_address != 0) ++per_address_[peer];
  connections_.push_back(std::make_unique<Connection>(
      *this, std::move(peer), over ? Connection::Kind::shed : Connection::Kind::served));
  counters_.connections_open = connections_.size();
  Connection& connection = *connections_.back();
  connection.set_index(connections_.size() - 1);
  connection.open(fd);
}

void ServerCore::release(Connection& connection) {
  const auto found = per_address_.find(connection.peer());
  if (found != per_address_.end() && --found->second == 0) per_address_.erase(found);
  if (connection.kind() == Connection::Kind::shed) --shed_open_;
  const std::size_t index = connection.index();
  connections_[index].swap(connections_.back());
  connections_[index]->set_index(index);
  connections_.pop_back();
  counters_.connections_open = connections_.size();
}

void ServerCore::ask_turn(Connection& connection) {
  if (asked_.empty()) event_active(turns_event_.get(), 0, 0);
  asked_.push_back(&connection);
}

void ServerCore::on_turns(int, short, void* self) { static_cast<ServerCore*>(self)->run_turns(); }

void ServerCore::run_turns() {
  turning_.swap(asked_);
  for (Connection* connection : turning_) {
    connection->take_turn();
    if (connection->retired()) release(*connection);
  }
  turning_.clear();
}

const std::string& ServerCore::date_field() {
  const std::time_t second = std::chrono::system_clock::to_time_t(options_.clock->wall());
  if (second != date_second_) {
    date_second_ = second;
    constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::tm utc{};
    ::gmtime_r(&second, &utc);
    char text[64];
    const int size = std::snprintf(
        text, sizeof text, "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n", kDays[utc.tm_wday],
        utc.tm_mday, kMonths[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
    date_field_.assign(text, static_cast<std::size_t>(size));
  }
  return date_field_;
}

// -------------------------------------------------------------------------------------------
// Server

Server::Server(ServerOptions options) : core_(std::make_unique<ServerCore>(std::move(options))) {}
Server::~Server() = default;
void Server::listen(int socket) { core_->listen(socket); }
void Server::drain() { core_->drain(); }
const Counters& Server::counters() const { return core_->counters(); }

}  // namespace oriel::gateway::http
