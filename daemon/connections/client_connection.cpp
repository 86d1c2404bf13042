// SPDX-License-Identifier: Apache-2.0
#include "connections/client_connection.hpp"

namespace tcpctl {

void ClientConnection::on_ready() {
  std::size_t budget = Worker::kTurnBytes;
  while (is_open() && readable() && !eof()) {
    if (budget < Worker::kBufferBytes) {
      another_turn();
      return;
    }
    const std::size_t room = observer_ != nullptr ? observer_->room() : SIZE_MAX;
    if (room == 0) {
      note_reset();  // what came before it is still to be read
      return;
    }
    const Read read = receive(room);
    if (read.status == Read::Status::eof) {
      note_reason(Reason::peer_fin);
      if (observer_ != nullptr) observer_->on_peer_fin(*this);
      return;
    }
    if (read.status != Read::Status::data) return;
    budget -= read.bytes.size();
    if (observer_ != nullptr) observer_->on_data(*this, read.bytes);
  }
}

}  // namespace tcpctl
