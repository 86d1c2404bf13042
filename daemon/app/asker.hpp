// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
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

/// Puts questions to loops and waits for the answers, with a deadline.
///
/// Threads: any but the loops that are asked; `cancel` from any.
class Asker {
 public:
  static constexpr std::chrono::seconds kPatience{2};

  Asker(Loop& main, CrewThreads& crew) : main_{main}, crew_{crew} {}

  void cancel() { cancelled_ = true; }

  /// What `question()` answers on the main thread.
  template <class Question>
  auto main(Question question) -> Result<std::invoke_result_t<Question>> {
    using Answer = std::invoke_result_t<Question>;
    auto promise = std::make_shared<std::promise<Answer>>();
    auto answer = promise->get_future();
    main_.post([promise, question = std::move(question)]() mutable { promise->set_value(question()); });
    return wait(std::move(answer), "the main loop", kPatience);
  }

  /// What `question(hub)` answers on the loop of worker `index`.
  template <class Question>
  auto worker(std::size_t index, Question question) -> Result<std::invoke_result_t<Question, Hub&>> {
    return wait(ask(index, std::move(question)), "worker " + std::to_string(index + 1), kPatience);
  }

  /// The same of every worker, all at once.
  template <class Question>
  auto workers(const Question& question) -> Result<std::vector<std::invoke_result_t<Question, Hub&>>> {
    using Answer = std::invoke_result_t<Question, Hub&>;
    std::vector<std::future<Answer>> futures;
    for (std::size_t i = 0; i < crew_.size(); ++i) futures.push_back(ask(i, question));
    std::vector<Answer> answers;
    for (std::size_t i = 0; i < futures.size(); ++i) {
      auto answer = wait(std::move(futures[i]), "worker " + std::to_string(i + 1), kPatience);
      if (!answer) return tl::make_unexpected(std::move(answer).error());
      answers.push_back(std::move(*answer));
    }
    return answers;
  }

  template <class Answer>
  Result<Answer> wait(std::future<Answer> answer, const std::string& whom,
                      std::chrono::nanoseconds patience) {
    constexpr std::chrono::milliseconds kSlice{20};  // how soon a cancelled wait comes back
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (answer.wait_for(kSlice) != std::future_status::ready) {
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

 private:
  template <class Question>
  auto ask(std::size_t index, Question question) -> std::future<std::invoke_result_t<Question, Hub&>> {
    using Answer = std::invoke_result_t<Question, Hub&>;
    auto promise = std::make_shared<std::promise<Answer>>();
    auto answer = promise->get_future();
    crew_.post(index,
               [promise, question = std::move(question)](Hub& hub) { promise->set_value(question(hub)); });
    return answer;
  }

  Loop& main_;
  CrewThreads& crew_;
  std::atomic<bool> cancelled_{false};
};

}  // namespace tcpctl
