// SPDX-License-Identifier: Apache-2.0
// Configurations that are kept, and what is said of each: corpus/NAME.toml and, line by line,
// corpus/NAME.txt.
#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "config/keys.hpp"

namespace tcpctl::config {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& file) {
  std::ifstream stream{file};
  return {std::istreambuf_iterator<char>{stream}, {}};
}

std::vector<fs::path> files_of(const char* folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator{fs::path{TCPCTL_SOURCE_DIR} / "tests" / folder}) {
    if (entry.path().extension() == ".toml") files.push_back(entry.path());
  }
  return files;
}

TEST(Corpus, IsSaidOfEachWhatIsKeptBesideIt) {
  for (const auto& file : files_of("config/corpus")) {
    const auto mistakes = test::mistakes_of(read(file));
    const auto kept = fs::path{file}.replace_extension(".txt");

    EXPECT_EQ(mistakes.empty() ? "" : mistakes + "\n", fs::exists(kept) ? read(kept) : "") << file;
  }
}

TEST(Corpus, HoldsGoodAndBadOnes) {
  for (const auto& file : files_of("config/corpus")) {
    const bool good = file.filename().string().starts_with("good_");

    EXPECT_EQ(good, test::mistakes_of(read(file)).empty()) << file;
  }
}

}  // namespace
}  // namespace tcpctl::config
