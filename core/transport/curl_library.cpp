#include "core/transport/curl_library.hpp"

#include <dlfcn.h>

#include "core/base/log.hpp"

namespace ngx_vrrp::transport {

namespace {

// Exists since the first release of version 7; Debian's package is built with
// OpenSSL.
constexpr const char *kName = "libcurl.so.4";
constexpr const char *kInstall = "install the Debian package libcurl4";

// CURLOPT_QUICK_EXIT is the newest option that we need.
constexpr unsigned kOldest = CURL_VERSION_BITS(7, 87, 0);

class Symbols {
public:
    explicit Symbols(void *library) : library_(library) {}

    template <class Function>
    void find(Function &function, const char *name) {
        void *symbol = ::dlsym(library_, name);
        missing_ = symbol == nullptr && missing_ == nullptr ? name : missing_;
        function = reinterpret_cast<Function>(symbol);
    }

    const char *missing() const { return missing_; }

private:
    void *library_;
    const char *missing_ = nullptr;
};

void find_all(Symbols &symbols, CurlLibrary &curl) {
    symbols.find(curl.global_init, "curl_global_init");
    symbols.find(curl.version_info, "curl_version_info");
    symbols.find(curl.slist_append, "curl_slist_append");
    symbols.find(curl.slist_free_all, "curl_slist_free_all");

    symbols.find(curl.easy_init, "curl_easy_init");
    symbols.find(curl.easy_cleanup, "curl_easy_cleanup");
    symbols.find(curl.easy_perform, "curl_easy_perform");
    symbols.find(curl.easy_setopt, "curl_easy_setopt");
    symbols.find(curl.easy_getinfo, "curl_easy_getinfo");
    symbols.find(curl.easy_strerror, "curl_easy_strerror");

    symbols.find(curl.multi_init, "curl_multi_init");
    symbols.find(curl.multi_cleanup, "curl_multi_cleanup");
    symbols.find(curl.multi_setopt, "curl_multi_setopt");
    symbols.find(curl.multi_add_handle, "curl_multi_add_handle");
    symbols.find(curl.multi_remove_handle, "curl_multi_remove_handle");
    symbols.find(curl.multi_socket_action, "curl_multi_socket_action");
    symbols.find(curl.multi_info_read, "curl_multi_info_read");
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
    Symbols symbols(library);
    find_all(symbols, curl);
    if (symbols.missing() != nullptr) {
        return unusable(format("%s has no %s()", kName, symbols.missing()));
    }
    const auto *version = curl.version_info(CURLVERSION_NOW);
    if (version->version_num < kOldest) {
        return unusable(format("libcurl %s is too old, 7.87.0 is needed",
                               version->version));
    }
    return curl;
}

}  // namespace ngx_vrrp::transport
