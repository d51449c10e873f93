# Makefile rules for the C++ core; sourced by nginx's auto/make after `config`.
#
# The user's --with-cc-opt reaches the core too, but for C dialects, which
# g++ refuses, and -Werror, which would break with his newer compiler.

ngx_vrrp_cxxflags=

for ngx_vrrp_opt in $NGX_CC_OPT; do
    case $ngx_vrrp_opt in
        -std=* | -Werror) ;;
        *) ngx_vrrp_cxxflags="$ngx_vrrp_cxxflags $ngx_vrrp_opt" ;;
    esac
done

# Hidden: modules are loaded RTLD_GLOBAL, no C++ name of ours may leave.

ngx_vrrp_cxxflags="-O2 -g$ngx_vrrp_cxxflags -std=c++20 -fPIC \
-fvisibility=hidden -fvisibility-inlines-hidden -Wall -Wextra"

# gcc 12 thinks that it sees uninitialized members in every std::variant.

if [ "$NGX_CC_NAME" = gcc ]; then
    ngx_vrrp_cxxflags="$ngx_vrrp_cxxflags -Wno-maybe-uninitialized"
fi

ngx_vrrp_cxxflags="$ngx_vrrp_cxxflags $NGX_VRRP_CXX_OPT"

ngx_vrrp_inc_opts=

for ngx_vrrp_inc in $ngx_vrrp_core_incs; do
    ngx_vrrp_inc_opts="$ngx_vrrp_inc_opts -I $ngx_vrrp_inc"
done

ngx_vrrp_objs=

for ngx_vrrp_src in $ngx_vrrp_core_srcs; do
    ngx_vrrp_obj=$ngx_vrrp_core_objs/${ngx_vrrp_src%.cpp}.o
    ngx_vrrp_objs="$ngx_vrrp_objs $ngx_vrrp_obj"

    mkdir -p `dirname $ngx_vrrp_obj`

    cat << END >> $NGX_MAKEFILE

$ngx_vrrp_obj:	$ngx_addon_dir/$ngx_vrrp_src $NGX_MAKEFILE
	\$(CC) -c $ngx_vrrp_cxxflags -MMD -MP -MT $ngx_vrrp_obj$ngx_vrrp_inc_opts \\
		-o $ngx_vrrp_obj $ngx_addon_dir/$ngx_vrrp_src
END

done

cat << END >> $NGX_MAKEFILE

$ngx_vrrp_core_lib:	$ngx_vrrp_objs
	rm -f $ngx_vrrp_core_lib
	ar rcs $ngx_vrrp_core_lib $ngx_vrrp_objs

-include $ngx_vrrp_core_objs/core/*.d $ngx_vrrp_core_objs/core/*/*.d
END
