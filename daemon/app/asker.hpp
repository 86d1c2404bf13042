// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <numeric>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "app/crew_threads.hpp"
#include "base/error.hpp"
#include "engine/loop.hpp"

namespace tcpctl {

/// An answer of an answer: what was asked may fail, or the loop not answer in time.
template <class T>
Result<T> flat(Result<Result<T>> answer) {
  if (!answer) return tl::make_unexpected(std::move(answer).error());
  return std::move(*answer);
}

/// Puts questions to loops and waits for the answers. All questions of one request share one deadline, so
/// that an API thread is never held longer than that, however many loops it asks in turn.
///
/// What is asked is done by its loop, or is given up by who waits for it, never both. A question is given up
/// at the deadline, wherever it is. A change is given up only before its loop has begun it: whoever is told
/// that it was not done in time may rely on that. Its work is bounded, and so the wait for its end is, too.
///
/// Threads: any but the loops that are asked; `cancel` from any.
class Asker {
 public:
  using Patience = std::chrono::nanoseconds;
  using Deadline = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::seconds kPatience{2};
  class Request;

  Asker(Loop& main, CrewThreads& crew, Patience patience = kPatience)
      : main_{main}, crew_{crew}, patience_{patience} {}

  void cancel() { cancelled_ = true; }

  /// Several questions with one deadline, which begins now.
  [[nodiscard]] Request request();
  /// The same of what changes something.
  [[nodiscard]] Request change();
  [[nodiscard]] Request change(Patience patience);

  /// A request of one question; see Request.
  template <class Question>
  auto main(Question question);
  template <class Question>
  auto worker(std::size_t index, Question question);
  template <class Question>
  auto workers(const Question& question);

  /// Waits for what was asked for otherwise, `patience` long. Errors: timed_out; unavailable where it will
  /// never come.
  template <class Answer>
  Result<Answer> wait(std::future<Answer> answer, const std::string& whom, Patience patience) {
    Claim begun;
    static_cast<void>(begun.take());
    return wait_until(std::move(answer), begun, Kind::question, whom,
                      std::chrono::steady_clock::now() + patience);
  }

 private:
  enum class Kind : std::uint8_t { question, change };
  /// Who comes first, the loop that begins or the waiter who gives up, takes it.
  class Claim {
   public:
    [[nodiscard]] bool take() { return !taken_.exchange(true); }

   private:
    std::atomic<bool> taken_{false};
  };

  template <class Answer>
  Result<Answer> wait_until(std::future<Answer> answer, Claim& claim, Kind kind, const std::string& whom,
                            Deadline deadline) {
    constexpr std::chrono::milliseconds kSlice{20};  // how soon a cancelled wait comes back
    while (answer.wait_until(std::min(deadline, std::chrono::steady_clock::now() + kSlice)) !=
           std::future_status::ready) {
      if (!cancelled_ && std::chrono::steady_clock::now() < deadline) continue;
      if (!claim.take() && kind == Kind::change) {
        answer.wait();
        break;
      }
      const char* const nothing_done = kind == Kind::change ? "; nothing was done" : "";
      if (cancelled_) return fail(Errc::unavailable, fmt::format("the daemon is stopping{}", nothing_done));
      return fail(Errc::timed_out, fmt::format("{} did not answer in time{}", whom, nothing_done));
    }
    try {
      return answer.get();
    } catch (const std::future_error&) {
      return fail(Errc::unavailable, whom + " is gone");  // what was asked went away before it answered
    }
  }

  Loop& main_;
  CrewThreads& crew_;
  const Patience patience_;
  std::atomic<bool> cancelled_{false};
};

/// Threads: the one that made it.
class Asker::Request {
 public:
  Request(Asker& asker, Deadline deadline, Kind kind = Kind::question)
      : asker_{asker}, deadline_{deadline}, kind_{kind} {}

  /// What `question()` answers on the main thread.
  template <class Question>
  auto main(Question question) -> Result<std::invoke_result_t<Question>> {
    auto [made, pending] = make_pending<std::invoke_result_t<Question>>();
    asker_.main_.post(
        [promise = std::move(made), claim = pending.claim, question = std::move(question)]() mutable {
          if (claim->take()) promise->set_value(question());
        });
    return wait_for(std::move(pending), "the main loop");
  }

  /// What `question(hub)` answers on the loop of worker `index`.
  template <class Question>
  auto worker(std::size_t index, Question question) -> Result<std::invoke_result_t<Question, Hub&>> {
    return wait_for(ask(index, std::move(question)), name_of(index));
  }

  /// The same of every worker, all at once.
  template <class Question>
  auto workers(const Question& question) {
    std::vector<std::size_t> all(asker_.crew_.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    return each(all, [&](std::size_t) { return question; });
  }

  /// What `question_of(index)` asks each of the workers `indices`, all at once.
  template <class QuestionOf>
  auto each(const std::vector<std::size_t>& indices, const QuestionOf& question_of) const {
    using Answer = std::invoke_result_t<std::invoke_result_t<QuestionOf, std::size_t>, Hub&>;
    using Answers = Result<std::vector<Answer>>;
    std::vector<Pending<Answer>> pending;
    for (const std::size_t index : indices) pending.push_back(ask(index, question_of(index)));
    std::vector<Answer> answers;
    for (std::size_t i = 0; i < pending.size(); ++i) {
      auto answer = wait_for(std::move(pending[i]), name_of(indices[i]));
      if (!answer) return Answers{tl::make_unexpected(std::move(answer).error())};
      answers.push_back(std::move(*answer));
    }
    return Answers{std::move(answers)};
  }

 private:
  template <class Answer>
  struct Pending {
    std::future<Answer> answer;
    std::shared_ptr<Claim> claim;
  };
  template <class Answer>
  using Promise = std::shared_ptr<std::promise<Answer>>;

  template <class Answer>
  static std::pair<Promise<Answer>, Pending<Answer>> make_pending() {
    auto promise = std::make_shared<std::promise<Answer>>();
    Pending<Answer> pending{promise->get_future(), std::make_shared<Claim>()};
    return {std::move(promise), std::move(pending)};
  }
  template <class Answer>
  Result<Answer> wait_for(Pending<Answer> pending, const std::string& whom) const {
    return asker_.wait_until(std::move(pending.answer), *pending.claim, kind_, whom, deadline_);
  }

  static std::string name_of(std::size_t index) { return "worker " + std::to_string(index + 1); }

  template <class Question>
  auto ask(std::size_t index, Question question) const -> Pending<std::invoke_result_t<Question, Hub&>> {
    auto [made, pending] = make_pending<std::invoke_result_t<Question, Hub&>>();
    asker_.crew_.post(
        index, [promise = std::move(made), claim = pending.claim, question = std::move(question)](Hub& hub) {
          if (claim->take()) promise->set_value(question(hub));
        });
    return std::move(pending);
  }

  Asker& asker_;
  const Deadline deadline_;
  const Kind kind_;
};

inline Asker::Request Asker::request() { return {*this, std::chrono::steady_clock::now() + patience_}; }
inline Asker::Request Asker::change() { return change(patience_); }
inline Asker::Request Asker::change(Patience patience) {
  return {*this, std::chrono::steady_clock::now() + patience, Kind::change};
}

template <class Question>
auto Asker::main(Question question) {
  return request().main(std::move(question));
}
template <class Question>
auto Asker::worker(std::size_t index, Question question) {
  return request().worker(index, std::move(question));
}
template <class Question>
auto Asker::workers(const Question& question) {
  return request().workers(question);
}

}  // namespace tcpctl
