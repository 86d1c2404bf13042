// SPDX-License-Identifier: Apache-2.0
#include "endpoints/ack_watch.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "connections/connection.hpp"

namespace tcpctl {
namespace {

constexpr Duration kSoon = std::chrono::seconds{1};
constexpr Duration kLaterStep = std::chrono::milliseconds{50};

}  // namespace

AckWatch::AckWatch(Worker& worker, ConnectionId connection, std::uint64_t until, Duration patience,
                   SentRow sent, Done done)
    : worker_{worker},
      connection_{connection},
      position_{until},
      since_{worker.time()},
      until_{since_ + patience},
      sent_{std::move(sent)},
      done_{std::move(done)} {
  sent_.acked = false;
}

void AckWatch::on_deadline() {
  worker_.tick();
  look();
}

void AckWatch::look() {
  const Connection* const connection = worker_.find(connection_);
  if (connection == nullptr || connection->stage() == Connection::Stage::gone) {
    look_in_history();
    finish();
    return;
  }
  const Duration waited = worker_.time() - since_;
  if (connection->acknowledged() >= position_) {
    sent_.acked = true;
    sent_.acked_after = waited;
    finish();
  } else if (worker_.time() >= until_) {
    finish();
  } else {
    worker_.wheel().set(*this, std::min(until_, worker_.time() + (waited < kSoon ? kStep : kLaterStep)));
  }
}

// Where both FINs were acknowledged, so was all that came before them.
void AckWatch::look_in_history() {
  const auto* const entry = worker_.history().find(connection_);
  if (entry == nullptr) {
    sent_.ended = text(Reason::unknown);
    return;
  }
  const CloseFacts& close = entry->facts.close;
  if (close.how == How::fin && close.detail.get().find("not delivered") == std::string_view::npos) {
    sent_.acked = true;
    sent_.acked_after = close.at - since_;
  } else {
    sent_.ended = text(*close.reason);
  }
}

void AckWatch::finish() {
  if (const Done done = std::exchange(done_, nullptr)) done(std::move(sent_));
}

}  // namespace tcpctl
