#include <boost/test/unit_test.hpp>

#include <string>

#include "run/user_names.hpp"

using convoke::run::user_names;

namespace {

struct known : user_names {
  explicit known(std::initializer_list<const char*> upns) : user_names(2) {
    for (const auto* upn : upns) set(0, upn, {.is = entry::kind::found, .text = "id"});
  }
  std::string near(std::string_view upn) const { return std::string(nearest(0, upn).value_or("none")); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(names_of_users)

BOOST_AUTO_TEST_CASE(a_name_is_near_if_one_or_two_letters_differ) {
  const known of{"ada@uni.example", "ben@uni.example", "maria.smith@uni.example"};
  BOOST_TEST(of.near("adda@uni.example") == "ada@uni.example");
  BOOST_TEST(of.near("aad@uni.example") == "ada@uni.example");
  BOOST_TEST(of.near("ada@uni.exmaple") == "ada@uni.example");
  BOOST_TEST(of.near("mria.smyth@uni.example") == "maria.smith@uni.example");
  // Short names differ by a letter from many others.
  BOOST_TEST(of.near("eve@uni.example") == "none");
  BOOST_TEST(of.near("m@uni.example") == "none");
  BOOST_TEST(of.near("john.smith@uni.example") == "none");
}

BOOST_AUTO_TEST_CASE(a_name_in_another_domain_is_near_where_no_other_one_is) {
  const known of{"ada@old.example.org", "adam@new.example"};
  BOOST_TEST(of.near("ada@new.example") == "adam@new.example");
  BOOST_TEST(known{"ada@old.example.org"}.near("ada@new.example") == "ada@old.example.org");
}

BOOST_AUTO_TEST_CASE(only_users_that_were_found_in_the_tenant_are_named) {
  known of{"zoe@x.example"};
  of.set(0, "ada@x.example", {.is = user_names::entry::kind::unknown});
  of.set(1, "ada@x.example", {.is = user_names::entry::kind::found, .text = "id"});
  BOOST_TEST(of.near("adda@x.example") == "none");
  BOOST_TEST(of.nearest(1, "adda@x.example").value_or("") == "ada@x.example");
  BOOST_TEST((of.find(0, "ada@x.example")->is == user_names::entry::kind::unknown));
  BOOST_TEST(of.find(0, "stranger@x.example") == nullptr);
}

BOOST_AUTO_TEST_CASE(of_equally_near_names_the_first_one_is_named) {
  BOOST_TEST((known{"adac@x.example", "adab@x.example", "adad@x.example"}.near("adaz@x.example")) == "adab@x.example");
}

BOOST_AUTO_TEST_SUITE_END()
