#include "core/transport/curl_library.hpp"

#include <dlfcn.h>

#include "core/base/log.hpp"

namespace ngx_vrrp::transport {

namespace {

// Exists since the first release of version 7; Debian's package is built with
// OpenSSL.
constexpr const char *kName = "libcurl.so.4";
constexpr const char *kInstall = "install the Debian package libcurl4";

// The one of Enterprise Linux 9.
constexpr unsigned kOldest = CURL_VERSION_BITS(7, 76, 0);

// The name of a function that it does not have, or nullptr.
const char *find_functions(void *library, CurlLibrary &curl) {
    const char *missing = nullptr;
    const auto find = [&]<class F>(F &function, const char *name) {
        function = reinterpret_cast<F>(::dlsym(library, name));
        missing = function == nullptr ? name : missing;
    };
#define NGX_VRRP_CURL_FIND(name) find(curl.name, "curl_" #name);
    NGX_VRRP_CURL_FUNCTIONS(NGX_VRRP_CURL_FIND)
#undef NGX_VRRP_CURL_FIND
    return missing;
}

Unexpected<std::string> unusable(const std::string &why) {
    return Unexpected(why + "; " + kInstall);
}

}  // namespace

Result<CurlLibrary, std::string> load_curl() {
    void *library = ::dlopen(kName, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
        return unusable("libcurl cannot be loaded: " +
                        std::string(::dlerror()));
    }
    CurlLibrary curl{};
    const char *missing = find_functions(library, curl);
    if (missing != nullptr) {
        return unusable(format("%s has no %s()", kName, missing));
    }
    const auto *version = curl.version_info(CURLVERSION_NOW);
    if (version->version_num < kOldest) {
        return unusable(format("libcurl %s is too old, 7.76.0 is needed",
                               version->version));
    }
    return curl;
}

}  // namespace ngx_vrrp::transport
