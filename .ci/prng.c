// The one function of bcryptprimitives.dll that Rust's standard library calls, for a wine that lacks the library
// (Debian 12 has such a one). Built by .ci/windows into its own wine prefix.
#include <windows.h>
#include <ntsecapi.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T length) {
    return RtlGenRandom(data, (ULONG)length);
}
