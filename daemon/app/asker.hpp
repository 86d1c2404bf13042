// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <numeric>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

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
    return wait_until(std::move(answer), whom, std::chrono::steady_clock::now() + patience);
  }

 private:
  template <class Answer>
  Result<Answer> wait_until(std::future<Answer> answer, const std::string& whom, Deadline deadline) {
    constexpr std::chrono::milliseconds kSlice{20};  // how soon a cancelled wait comes back
    while (answer.wait_until(std::min(deadline, std::chrono::steady_clock::now() + kSlice)) !=
           std::future_status::ready) {
      if (cancelled_) return fail(Errc::unavailable, "the daemon is stopping");
      if (std::chrono::steady_clock::now() >= deadline)
        return fail(Errc::timed_out, whom + " did not answer in time");
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
  Request(Asker& asker, Deadline deadline) : asker_{asker}, deadline_{deadline} {}

  /// What `question()` answers on the main thread.
  template <class Question>
  auto main(Question question) -> Result<std::invoke_result_t<Question>> {
    using Answer = std::invoke_result_t<Question>;
    auto promise = std::make_shared<std::promise<Answer>>();
    auto answer = promise->get_future();
    asker_.main_.post(
        [promise, question = std::move(question)]() mutable { promise->set_value(question()); });
    return asker_.wait_until(std::move(answer), "the main loop", deadline_);
  }

  /// What `question(hub)` answers on the loop of worker `index`.
  template <class Question>
  auto worker(std::size_t index, Question question) -> Result<std::invoke_result_t<Question, Hub&>> {
    return asker_.wait_until(ask(index, std::move(question)), name_of(index), deadline_);
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
    std::vector<std::future<Answer>> futures;
    for (const std::size_t index : indices) futures.push_back(ask(index, question_of(index)));
    std::vector<Answer> answers;
    for (std::size_t i = 0; i < futures.size(); ++i) {
      auto answer = asker_.wait_until(std::move(futures[i]), name_of(indices[i]), deadline_);
      if (!answer) return Answers{tl::make_unexpected(std::move(answer).error())};
      answers.push_back(std::move(*answer));
    }
    return Answers{std::move(answers)};
  }

 private:
  static std::string name_of(std::size_t index) { return "worker " + std::to_string(index + 1); }

  template <class Question>
  auto ask(std::size_t index, Question question) const -> std::future<std::invoke_result_t<Question, Hub&>> {
    using Answer = std::invoke_result_t<Question, Hub&>;
    auto promise = std::make_shared<std::promise<Answer>>();
    auto answer = promise->get_future();
    asker_.crew_.post(
        index, [promise, question = std::move(question)](Hub& hub) { promise->set_value(question(hub)); });
    return answer;
  }

  Asker& asker_;
  const Deadline deadline_;
};

inline Asker::Request Asker::request() { return {*this, std::chrono::steady_clock::now() + patience_}; }

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
