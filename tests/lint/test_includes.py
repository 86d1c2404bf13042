# SPDX-License-Identifier: Apache-2.0
"""The include lint judges itself first, then the tree."""
import includes

TABLE = """
## Who may include whom

| folder | may include | never | because |
|---|---|---|---|
| `base` | | `event2/` | words |
| `engine` `tcp` | `base` | | |
| `services` | `base` `config/options.hpp` | `event2/` | |
| `api` | `base` | | |
| `api/front*` | `engine` | | |
| `app` | `*` | | |
| `tests/fuzz` | `services` | | |

## Next
| `base` | `app` | |
"""
ROWS = includes.read_table(TABLE)


def check(path, text):
    return includes.check_file(path, text, ROWS)


def test_reads_every_row_of_its_section_and_none_of_another():
    assert [row.where for row in ROWS] == ["base", "engine", "tcp", "services", "api", "api/front*", "app",
                                           "tests/fuzz"]


def test_lets_a_folder_include_itself_and_what_the_table_gives_it():
    assert check("daemon/engine/loop.cpp", '#include "engine/loop.hpp"\n#include "base/fd.hpp"\n') == []


def test_names_file_and_line_of_a_forbidden_include():
    assert check("daemon/base/fd.hpp", '#pragma once\n#include "engine/loop.hpp"\n') == [
        'daemon/base/fd.hpp:2: base may not include "engine/loop.hpp"']


def test_gives_a_single_header_without_its_folder():
    assert check("daemon/services/echo.cpp", '#include "config/options.hpp"\n') == []
    assert check("daemon/services/echo.cpp", '#include "config/config.hpp"\n') != []


def test_gives_some_files_of_a_folder_more_than_the_others():
    assert check("daemon/api/front.cpp", '#include "engine/loop.hpp"\n') == []
    assert check("daemon/api/router.cpp", '#include "engine/loop.hpp"\n') != []


def test_refuses_a_library_where_the_table_says_never():
    assert check("daemon/services/echo.cpp", "#include <event2/event.h>\n") == [
        "daemon/services/echo.cpp:1: services never includes <event2/event.h>"]
    assert check("daemon/engine/loop.hpp", "#include <event2/event.h>\n") == []


def test_lets_the_tests_of_a_folder_include_what_the_folder_may_itself_and_the_support():
    text = '#include "api/router.hpp"\n#include "engine/loop.hpp"\n#include "support/options.hpp"\n'
    assert check("tests/api/front_test.cpp", text) == []
    assert check("tests/api/front_test.cpp", '#include "app/supervisor.hpp"\n') != []
    assert check("tests/fuzz/fuzz_dialog.cpp", '#include "services/dialog.hpp"\n') == []


def test_lets_app_include_everything():
    assert check("daemon/app/main.cpp", '#include "endpoints/listener.hpp"\n') == []


def test_takes_a_name_without_folder_as_one_of_the_own_folder():
    assert check("daemon/engine/loop.cpp", '#include "loop.hpp"\n') == []


def test_refuses_a_folder_that_the_table_does_not_have():
    assert check("daemon/new/thing.cpp", "") == [
        "daemon/new/thing.cpp:1: no row of the table in docs/architecture.md is for new/"]


def test_sees_an_include_through_odd_blanks():
    assert check("daemon/base/x.cpp", '  #  include   "app/main.hpp"\n') != []


def test_includes_are_as_the_architecture_has_it(root, files):
    assert includes.check_tree(root, files) == []
