# The dependencies of the build. A program that links the installed libraries needs the first group too; keep
# cmake/convokeConfig.cmake.in in step with it.
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json url)
find_package(OpenSSL 3 REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(simdjson REQUIRED)
find_package(date REQUIRED)
find_package(LibIcal 3 REQUIRED)
# Optional: without libpq a PostgreSQL ledger is refused at run time.
set(CONVOKE_WITH_POSTGRES OFF)
if(CONVOKE_POSTGRES)
  find_package(PostgreSQL)
  set(CONVOKE_WITH_POSTGRES ${PostgreSQL_FOUND})
endif()
if(NOT CONVOKE_WITH_POSTGRES)
  message(STATUS "Without libpq: there will be no PostgreSQL ledger")
endif()

find_package(CLI11 REQUIRED)
find_package(tomlplusplus REQUIRED)
