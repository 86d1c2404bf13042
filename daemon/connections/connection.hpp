// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/fd.hpp"
#include "base/text.hpp"
#include "connections/facts.hpp"
#include "connections/pipe_pool.hpp"
#include "connections/worker.hpp"
#include "tcp/socket.hpp"
#include "tcp/state.hpp"

namespace tcpctl {

struct CarriedLeg;
struct CarriedSession;

/// One live socket of the daemon: its events, its bytes, its end, and the record of all three.
///
/// The descriptor is registered once, for READ|WRITE|CLOSED, edge-triggered; `on_ready` is called after each
/// edge. A subclass decides what is done with the bytes. Ending is the same for all: what is queued is sent,
/// then FIN, the peer's bytes are read and thrown away, and close(2) waits until the kernel says CLOSED, so
/// that the record is seen and not guessed; past `close_timeout` it is a reset. Threads: only on the worker's
/// loop. Source: RFC 9293 section 3.6 (closing); design decisions D1, D2, D5, D6, D7.
class Connection : private Deadline {
 public:
  enum class Stage : std::uint8_t { connecting, open, closing, resetting, gone };

  /// `stage` is `connecting` for a socket on its way, else `open`.
  Connection(Worker& worker, OwnerPtr owner, Direction direction, Stage stage, Fd fd, const Address& remote);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  virtual ~Connection();

  /// Goes on with the record of the connection that had the socket before it. Call it before Worker::adopt.
  void go_on(Facts record) { facts_ = std::move(record); }
  /// Registers the descriptor; `on_open` follows at once if it is open. Call it once, after Worker::adopt.
  void start();
  /// Whether it could go on in another process: it stands, nothing of its end has been seen, and who serves
  /// it can do so from there.
  [[nodiscard]] virtual bool is_portable() const { return false; }
  /// Gives it, with the other leg of its session, to the next process; it is gone here, without a record.
  /// Null where it is not portable, or goes with its other leg.
  [[nodiscard]] virtual std::unique_ptr<CarriedSession> carry();
  [[nodiscard]] const Facts& facts() const { return facts_; }
  [[nodiscard]] Stage stage() const { return stage_; }
  /// As the kernel says now; a system call.
  [[nodiscard]] tcp::State state() const;
  /// The same, but the kernel is asked only once something was seen that ends the connection.
  [[nodiscard]] tcp::State seen_state() const;
  /// With TCP_INFO as of now.
  [[nodiscard]] ConnectionRow row() const;
  [[nodiscard]] Address local() const;
  /// TCP_INFO, read now; nothing where it is no TCP connection.
  [[nodiscard]] std::optional<TcpRow> tcp() const;

  /// Sends what is queued, then FIN; at most `close_timeout` later it is over.
  void finish(Reason reason, std::string_view detail = {});
  /// RST at once; what the peer has not got is lost, and the record says how much.
  void abort(Reason reason, std::string_view detail = {});
  /// RST as soon as the peer has acknowledged what was sent, at most `close_timeout` later.
  void abort_when_delivered(Reason reason, std::string_view detail = {});
  /// The end of an operator's or the daemon's wish for this and whatever belongs to it (the other leg).
  virtual void end(Reason reason, bool graceful);

  /// Where the daemon is short of sockets: a connection that only waits for its peer's FIN gives its
  /// descriptor up.
  /// False: it is none of those.
  bool give_way();
  /// The peer has acknowledged all that was sent; a system call.
  [[nodiscard]] bool has_delivered() const;
  /// How many of the bytes of `facts().bytes_out` the peer has acknowledged (a Unix socket's: has read); a
  /// system call.
  [[nodiscard]] std::uint64_t acknowledged() const;
  /// The same for one that is idle for longer than `factor` of its configured `idle_timeout`: it ends.
  void end_if_idle(double factor);
  /// `on_ready` again, after other descriptors had their turn; once, however often it is asked for.
  void another_turn() {
    if (turn_wanted_) return;
    turn_wanted_ = true;
    worker_.again(*this);
  }
  /// What `Worker::again` calls.
  void on_turn();
  /// What `Worker::recheck_later` calls.
  void recheck();
  /// What `Worker::look_again_later` calls: whether all is delivered that an RST waits for.
  void look_again();
  /// What `Worker::park_later` calls: gives its event up if nothing happens, nor is about to.
  void park_if_idle();
  /// The same without a look at the clock; answers whether it did.
  bool park();
  /// Has an event of its own again. Whatever waits for the kernel needs it.
  void attend();
  /// What `Worker::settle_later` calls: it has lasted for a second.
  virtual void settle() {}
  /// What `Worker::wake` asked for.
  void woken() {
    if (stage_ == Stage::open) on_wake();
  }

 protected:
  virtual void on_open() {}
  /// There may be something to read, or room to write again.
  virtual void on_ready() = 0;
  /// The moment came that was asked for with Worker::wake.
  virtual void on_wake() {}
  /// A timeout of the listener's has passed.
  virtual void on_overdue(Reason reason, std::string_view detail) { finish(reason, detail); }
  /// When the last byte moved here, or wherever it counts for this connection.
  [[nodiscard]] virtual Instant last_active() const { return facts_.last_active; }
  /// It is over and the record is complete. The object lives until the loop is out of its callbacks.
  virtual void on_gone() {}
  [[nodiscard]] virtual Phase phase() const {
    return stage_ == Stage::connecting ? Phase::connect : Phase::data;
  }

  struct Read {
    enum class Status : std::uint8_t { data, nothing, eof, ended } status;
    ByteView bytes;  // in the worker's buffer
  };
  /// Reads once into the worker's buffer, at most `most` bytes. `eof` once and again after the peer's FIN;
  /// `ended`: it failed and is over.
  [[nodiscard]] Read receive(std::size_t most = SIZE_MAX);
  struct Moved {
    Read::Status status;
    std::size_t bytes;
  };
  /// Moves what is there from the socket to `pipe`, which must be empty; otherwise as `receive`.
  [[nodiscard]] Moved splice_into(const Pipe& pipe, std::size_t most = SIZE_MAX);
  /// Writes what the kernel takes and queues the rest.
  /// `more_follows`: at once, so that both may share a segment; where it does not, `push` sends what waits.
  void send(ByteView bytes, bool more_follows = false);
  void push();
  /// Moves up to `bytes` from `pipe` to the socket and answers how many the kernel took. Nothing may be
  /// queued.
  [[nodiscard]] std::size_t splice_from(const Pipe& pipe, std::size_t bytes);
  /// FIN after what is queued; reading goes on.
  void finish_sending();
  /// Both directions are done: waits for the kernel to say CLOSED.
  void close_if_both_done();

  /// Ends it at once if an RST came, and with it what was received before.
  void end_if_reset();
  /// Notices an RST while what was received before it has to wait; that has `close_timeout` to be read.
  void note_reset();
  struct HandedOver {
    Fd fd;
    Facts facts;
  };
  /// Gives the socket and the record to another connection, which goes on with both and is to be adopted at
  /// once; this one is gone, and has no end of its own.
  [[nodiscard]] HandedOver hand_over();
  /// What is_portable needs of every connection.
  [[nodiscard]] bool is_standing() const;
  /// The socket, the record and what is queued, for another process; this one is gone.
  [[nodiscard]] CarriedLeg pack();
  /// Goes on with `leg`, whose socket it was made of, under its id if that is one of this worker's. After it
  /// Worker::adopt, and `restart` in place of `start`.
  void unpack(CarriedLeg leg);
  void restart();
  /// Its end is counted, but not put into the history.
  void leave_no_record();
  void note_proxied(Proxied proxied) { facts_.proxied = MaybeProxied{std::move(proxied)}; }
  /// Where it connected to: what a PROXY header says, else the local address.
  [[nodiscard]] Address destination() const;
  /// What the kernel has got, without taking it; nothing where that is nothing, or the end. `ended`: as for
  /// `receive`.
  [[nodiscard]] Read peek(std::size_t most);
  /// Takes the first `bytes` of what was peeked at; they count as none of the connection's. False: it ended.
  [[nodiscard]] bool skip(std::size_t bytes);
  void connect_within(Duration timeout);
  /// An attempt that failed before there was an event to wait for.
  void fail_connect(int error_number);
  /// An attempt that was established with its own socket: nobody listens there, and the port it was to
  /// connect to was free to be its own. Source: RFC 9293 section 3.5 (simultaneous open).
  void fail_connect_to_itself();
  void note_reason(Reason reason, std::string_view detail = {});
  void note_peer(ConnectionId peer) { facts_.peer_id = peer; }
  /// Whose bytes its own are from now on.
  void note_traffic(Traffic* traffic) { traffic_ = traffic; }
  void note_upstream(std::shared_ptr<const std::string> name) { facts_.upstream = std::move(name); }

  [[nodiscard]] Worker& worker() const { return worker_; }
  void set_options(const tcp::Options& options);
  [[nodiscard]] std::size_t queued() const { return queue_ ? queue_->bytes.size() - queue_->sent : 0; }
  /// All that was accepted for this socket's peer and that the kernel did not take yet.
  [[nodiscard]] virtual std::size_t held() const { return queued(); }
  [[nodiscard]] bool readable() const { return readable_; }
  /// The peer's FIN or RST is there; what came before it may still be unread.
  [[nodiscard]] bool hung_up() const { return hangup_; }
  [[nodiscard]] bool eof() const { return eof_; }
  [[nodiscard]] bool fin_sent() const { return fin_sent_; }
  [[nodiscard]] bool is_open() const { return stage_ == Stage::open; }

 private:
  static void on_event(evutil_socket_t fd, short what, void* self);
  void on_deadline() override;
  [[nodiscard]] bool add_event();
  void note_handshake();
  [[nodiscard]] bool is_recorded() const { return facts_.owner->in_history && worker_.keeps_records(); }
  void handle();
  void connected();
  [[nodiscard]] Read::Status nothing_read(ssize_t got);
  bool flush();
  void step_closing();
  void step_resetting();
  void discard_input();
  void shutdown_write();
  void watch_time();
  void check_time();
  struct Overdue {
    Instant at;
    Reason reason;
    std::string_view detail;
  };
  [[nodiscard]] Overdue next_overdue() const;
  [[nodiscard]] bool is_half_closed() const { return eof_ != fin_sent_; }
  void doubt_silence();
  void close_timed_out();
  void note_first(First first, How how);
  void note_hangup();
  void note_fin_sent();
  [[nodiscard]] bool has_fin_left() const;
  void note_ack(tcp::State now);
  void note_clean_end();
  void reset();
  void note_error(int error_number);
  void fail_io(int error_number);
  void record_undelivered();
  void complete() { complete(tcp::read_info(fd_.get())); }
  void complete(const std::optional<tcp::Info>& last);
  void note_remains(const std::optional<tcp::Info>& last, History::Entry& entry);
  void enqueue(ByteView bytes);
  void count_end(const std::optional<tcp::Info>& last);
  void note_parting(bool is_parting);
  void log_end() const;
  void log_access_start();
  void log_access_end(const History::Entry& entry);
  void tell(EventKind kind) const;
  void touch() { facts_.last_active = worker_.time(); }
  [[nodiscard]] PartyShare* share() const;
  void count_in(std::size_t bytes);
  void count_out(std::size_t bytes);

  // Tens of thousands of these stand idle, so they are packed: nothing here has padding before it.
  Worker& worker_;
  Fd fd_;
  std::uint8_t reset_error_{0};  // an errno, taken from the socket while bytes before the RST were unread
  Stage stage_ : 3;
  bool turn_wanted_ : 1 {false};
  bool readable_ : 1 {false};
  bool writable_ : 1 {true};
  bool hangup_ : 1 {false};    // EV_CLOSED was seen: no further edge will tell of data
  bool unbroken_ : 1 {false};  // the event being handled tells that no RST has come
  bool doubtful_ : 1 {false};  // a recheck is due
  bool looking_ : 1 {false};   // it is looked at again, for its RST
  bool eof_ : 1 {false};
  bool fin_wanted_ : 1 {false};
  bool fin_sent_ : 1 {false};
  bool fin_waits_ : 1 {false};  // behind bytes that were not sent yet when the kernel was asked
  bool active_ : 1 {false};     // its FIN was queued before the peer's was here: the kernel ends in TIME_WAIT
  bool parting_ : 1 {false};    // and counted as such
  bool silent_ : 1 {false};     // nobody is told of it: it is a check
  bool unlogged_ : 1 {false};   // its start is to go into the access log yet
  EventPtr event_;              // null while it is parked, and after its end
  Facts facts_;
  Traffic*
      traffic_;  // its owner's, or where it is the leg of one its upstream's; null before that is connected
  struct Queue {
    std::string bytes;  // what the kernel did not take yet, from `sent` on
    std::size_t sent{0};
  };
  std::unique_ptr<Queue> queue_;  // only while there is something in it
};

}  // namespace tcpctl
