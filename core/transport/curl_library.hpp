// libcurl, loaded for the first delivery: it brings a dozen other libraries,
// which a process that only speaks VRRP should not have, and nginx starts
// without it.
#pragma once

#include <curl/curl.h>

#include <string>

#include "core/base/result.hpp"

namespace ngx_vrrp::transport {

// The functions that we call, without "curl_".
struct CurlLibrary {
    decltype(&::curl_global_init) global_init;
    decltype(&::curl_version_info) version_info;
    decltype(&::curl_slist_append) slist_append;
    decltype(&::curl_slist_free_all) slist_free_all;

    decltype(&::curl_easy_init) easy_init;
    decltype(&::curl_easy_cleanup) easy_cleanup;
    decltype(&::curl_easy_perform) easy_perform;
    decltype(&::curl_easy_setopt) easy_setopt;
    decltype(&::curl_easy_getinfo) easy_getinfo;
    decltype(&::curl_easy_strerror) easy_strerror;

    decltype(&::curl_multi_init) multi_init;
    decltype(&::curl_multi_cleanup) multi_cleanup;
    decltype(&::curl_multi_setopt) multi_setopt;
    decltype(&::curl_multi_add_handle) multi_add_handle;
    decltype(&::curl_multi_remove_handle) multi_remove_handle;
    decltype(&::curl_multi_socket_action) multi_socket_action;
    decltype(&::curl_multi_info_read) multi_info_read;
};

// The error has the reason and the package to install. Once loaded it is never
// unloaded or cleaned up, because it may have threads.
Result<CurlLibrary, std::string> load_curl();

}  // namespace ngx_vrrp::transport
