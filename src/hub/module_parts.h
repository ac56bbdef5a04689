#pragma once

#include "hub/module_interface.h"

/// The two halves of `libbertqa_hub.so`: see HubModule for what each function does.
namespace bertqa {

void* OpenSession() noexcept;
void CloseSession(void* session) noexcept;
void Transfer(void* session, const TransferRequest* request, TransferResult* result) noexcept;

void* OpenDigest(DigestKind kind) noexcept;
void CloseDigest(void* digest) noexcept;
std::int32_t UpdateDigest(void* digest, const void* bytes, std::size_t size) noexcept;
std::size_t FinishDigest(void* digest, unsigned char* bytes) noexcept;

}  // namespace bertqa
