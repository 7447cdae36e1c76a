#include <boost/test/unit_test.hpp>
#include <cstring>
#include <new>
#include <string>
#include <type_traits>

#include <convoke/secret.hpp>

namespace {

using convoke::secret;

// The objects are made in memory that the test can read after their destruction.
struct box {
  alignas(secret) unsigned char bytes[sizeof(secret)] = {};
  [[nodiscard]] bool holds(std::string_view text) const {
    return std::string_view(reinterpret_cast<const char*>(bytes), sizeof bytes).find(text) != std::string_view::npos;
  }
};

constexpr std::string_view small = "s3cret-short";  // fits into the string's own buffer

}  // namespace

static_assert(!std::is_copy_constructible_v<secret> && !std::is_convertible_v<secret, std::string> &&
              !std::is_convertible_v<std::string, secret>);

BOOST_AUTO_TEST_SUITE(secrets)

BOOST_AUTO_TEST_CASE(the_destructor_overwrites_a_short_secret) {
  box b;
  auto* const s = new (b.bytes) secret(std::string(small));
  BOOST_TEST(s->reveal() == small);
  BOOST_TEST(b.holds(small));
  s->~secret();
  BOOST_TEST(!b.holds("s3cret"));
}

BOOST_AUTO_TEST_CASE(a_move_leaves_no_bytes_behind) {
  box b;
  auto* const from = new (b.bytes) secret(std::string(small));
  const secret to(std::move(*from));
  BOOST_TEST(to.reveal() == small);
  BOOST_TEST(from->empty());
  BOOST_TEST(!b.holds("s3cret"));
  from->~secret();
}

BOOST_AUTO_TEST_CASE(assignment_overwrites_both_the_old_value_and_the_source) {
  const std::string big(100, 'k');
  box b;
  auto* const from = new (b.bytes) secret(std::string(small));
  secret to{std::string(big)};
  to = std::move(*from);
  BOOST_TEST(to.reveal() == small);
  BOOST_TEST(!b.holds("s3cret"));
  to = secret(std::string(big));
  BOOST_TEST(to.reveal() == big);
  from->~secret();
}

BOOST_AUTO_TEST_CASE(the_string_that_a_secret_was_made_of_is_overwritten) {
  std::string source(small);
  const secret s(std::move(source));
  BOOST_TEST(s.reveal() == small);
  BOOST_TEST(s.clone().reveal() == small);
  BOOST_TEST(!s.empty());
  BOOST_TEST(secret().empty());
}

BOOST_AUTO_TEST_SUITE_END()
