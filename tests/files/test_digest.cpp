#include <boost/test/unit_test.hpp>
#include <string>

#include "files/digest.hpp"

using convoke::files::sha256_hex;

BOOST_AUTO_TEST_SUITE(digest)

// The examples of FIPS 180-4 and NIST's "SHA Test Vectors": the empty text, one block, two blocks, a million bytes.
BOOST_AUTO_TEST_CASE(the_published_examples_have_their_digests) {
  BOOST_TEST(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  BOOST_TEST(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  BOOST_TEST(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
             "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  BOOST_TEST(sha256_hex(std::string(1'000'000, 'a')) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

BOOST_AUTO_TEST_CASE(pieces_give_the_digest_of_the_whole) {
  convoke::files::sha256_stream pieces;
  for (const char* piece : {"a", "", "b", "c"}) pieces.add(piece);
  BOOST_TEST(pieces.hex() == sha256_hex("abc"));
}

BOOST_AUTO_TEST_SUITE_END()
