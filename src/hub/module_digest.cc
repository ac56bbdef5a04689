// The wrapper of OpenSSL's libcrypto.

#include <openssl/evp.h>

#include "hub/module_parts.h"

namespace bertqa {

static_assert(kMaxDigestBytes <= EVP_MAX_MD_SIZE);

void* OpenDigest(DigestKind kind) noexcept {
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  const EVP_MD* const method = kind == DigestKind::kSha1 ? EVP_sha1() : EVP_sha256();
  if (context != nullptr && EVP_DigestInit_ex(context, method, nullptr) != 1) {
    EVP_MD_CTX_free(context);
    return nullptr;
  }
  return context;
}

void CloseDigest(void* digest) noexcept {
  EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(digest));
}

std::int32_t UpdateDigest(void* digest, const void* bytes, std::size_t size) noexcept {
  return EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(digest), bytes, size);
}

std::size_t FinishDigest(void* digest, unsigned char* bytes) noexcept {
  unsigned int size = 0;
  return EVP_DigestFinal_ex(static_cast<EVP_MD_CTX*>(digest), bytes, &size) == 1 ? size : 0;
}

}  // namespace bertqa
