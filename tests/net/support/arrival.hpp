#pragma once

#include <cstdint>

namespace convoke::test {

// Whether everything that the near end of this TCP connection has sent lies at its far end, which is in this process too. True where
// the far end has been closed. A write that has returned is no proof: the kernel may deliver it a moment later.
[[nodiscard]] bool arrived(int near_end);

}  // namespace convoke::test
