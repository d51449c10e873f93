// libcurl, loaded for the first delivery: it brings a dozen other libraries,
// which a process that only speaks VRRP should not have, and nginx starts
// without it.
#pragma once

#include <curl/curl.h>

#include <string>

#include "core/base/result.hpp"

// The functions that we call, without "curl_".
#define NGX_VRRP_CURL_FUNCTIONS(f)                                          \
    f(global_init) f(version_info) f(slist_append) f(slist_free_all)        \
        f(easy_init) f(easy_cleanup) f(easy_setopt) f(easy_getinfo)         \
            f(easy_strerror) f(multi_init) f(multi_cleanup) f(multi_setopt) \
                f(multi_add_handle) f(multi_remove_handle) f(multi_perform) \
                    f(multi_poll) f(multi_wakeup) f(multi_info_read)

namespace ngx_vrrp::transport {

struct CurlLibrary {
#define NGX_VRRP_CURL_MEMBER(name) decltype(&::curl_##name) name;
    NGX_VRRP_CURL_FUNCTIONS(NGX_VRRP_CURL_MEMBER)
#undef NGX_VRRP_CURL_MEMBER
};

// The error has the reason and the package to install. Once loaded it is never
// unloaded or cleaned up, because it may have threads.
Result<CurlLibrary, std::string> load_curl();

}  // namespace ngx_vrrp::transport
