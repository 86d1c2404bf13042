# SPDX-License-Identifier: Apache-2.0
# usage: cmake -DTEMPLATE=FILE -DPROGRAM=PATH -DWORD=ARGUMENT -DPAGE=FILE -P manual.cmake
# Writes PAGE: TEMPLATE with what PROGRAM prints in the place of its line @GENERATED@.
execute_process(COMMAND ${PROGRAM} ${WORD} OUTPUT_VARIABLE generated COMMAND_ERROR_IS_FATAL ANY)
file(READ ${TEMPLATE} text)
string(REPLACE "@GENERATED@\n" "${generated}" text "${text}")
file(WRITE ${PAGE} "${text}")
