// libbertqa_hub.so: the only code that is linked with libcurl and libcrypto.

#include "hub/module_parts.h"

namespace bertqa {
namespace {

constexpr HubModule kModule = {
    .open_session = OpenSession,
    .close_session = CloseSession,
    .transfer = Transfer,
    .open_digest = OpenDigest,
    .close_digest = CloseDigest,
    .update_digest = UpdateDigest,
    .finish_digest = FinishDigest,
};

}  // namespace
}  // namespace bertqa

extern "C" __attribute__((visibility("default"))) const bertqa::HubModule* bertqa_hub_1() noexcept {
  return &bertqa::kModule;
}
