# Makefile rules for the C++ core; sourced by nginx's auto/make after `config`.
#
# The user's --with-cc-opt reaches the core too, but for what is for C only, of
# which g++ warns, and -Werror, which would break with his newer compiler.

ngx_vrrp_cxxflags=

for ngx_vrrp_opt in $NGX_CC_OPT; do
    case $ngx_vrrp_opt in
        -std=* | -Werror | -Werror=implicit-function-declaration) ;;
        *) ngx_vrrp_cxxflags="$ngx_vrrp_cxxflags $ngx_vrrp_opt" ;;
    esac
done

# Hidden: modules are loaded RTLD_GLOBAL, no C++ name of ours may leave.

ngx_vrrp_cxxflags="-O2 -g$ngx_vrrp_cxxflags -std=c++20 -fPIC -fno-plt \
-fvisibility=hidden -fvisibility-inlines-hidden -Wall -Wextra"

# gcc 12 thinks that it sees uninitialized members in every std::variant.

if [ "$NGX_CC_NAME" = gcc ]; then
    ngx_vrrp_cxxflags="$ngx_vrrp_cxxflags -Wno-maybe-uninitialized"
fi

# clang 19 warns of a function that std::stable_sort of libstdc++ 12 calls.

if [ "$NGX_CC_NAME" = clang ]; then
    ngx_vrrp_cxxflags="$ngx_vrrp_cxxflags -Wno-deprecated-declarations"
fi

ngx_vrrp_cxxflags="$ngx_vrrp_cxxflags $NGX_VRRP_CXX_OPT"

ngx_vrrp_inc_opts=

for ngx_vrrp_inc in $ngx_vrrp_core_incs; do
    ngx_vrrp_inc_opts="$ngx_vrrp_inc_opts -I $ngx_vrrp_inc"
done

# The headers of the core cost more than its code: the files of a folder are
# compiled as one, which is four times as fast.

ngx_vrrp_objs=
ngx_vrrp_n=0
ngx_vrrp_dirs=`for ngx_vrrp_src in $ngx_vrrp_core_srcs; do \
                   dirname $ngx_vrrp_src; done | sort -u`

for ngx_vrrp_dir in $ngx_vrrp_dirs; do
    ngx_vrrp_unit=$ngx_vrrp_core_objs/$ngx_vrrp_dir
    ngx_vrrp_objs="$ngx_vrrp_objs $ngx_vrrp_unit.o"
    ngx_vrrp_n=`expr $ngx_vrrp_n + 1`
    ngx_vrrp_step="$ngx_vrrp_n/`echo $ngx_vrrp_dirs | wc -w`"

    mkdir -p `dirname $ngx_vrrp_unit`

    for ngx_vrrp_src in $ngx_vrrp_core_srcs; do
        if [ `dirname $ngx_vrrp_src` = $ngx_vrrp_dir ]; then
            echo "#include \"$ngx_vrrp_src\""
        fi
    done > $ngx_vrrp_unit.cpp

    cat << END >> $NGX_MAKEFILE

$ngx_vrrp_unit.o:	$ngx_vrrp_unit.cpp $NGX_MAKEFILE
	@echo "  [$ngx_vrrp_step] $ngx_vrrp_dir"
	\$(CC) -c $ngx_vrrp_cxxflags -MMD -MP -MT $ngx_vrrp_unit.o \\
		$ngx_vrrp_inc_opts -o $ngx_vrrp_unit.o $ngx_vrrp_unit.cpp
END

done

# The status page is one text, made of three files.

ngx_vrrp_page=$ngx_vrrp_core_objs/page
ngx_vrrp_page_dir=$ngx_addon_dir/core/status/page
ngx_vrrp_objs="$ngx_vrrp_objs $ngx_vrrp_page.o"

# The BPF programs are one array; without clang it is empty.

ngx_vrrp_programs=$ngx_vrrp_core_objs/programs
ngx_vrrp_objs="$ngx_vrrp_objs $ngx_vrrp_programs.o"

cat << END >> $NGX_MAKEFILE

$ngx_vrrp_page.cpp:	$ngx_addon_dir/tools/embed-page \\
		$ngx_vrrp_page_dir/page.html $ngx_vrrp_page_dir/page.css \\
		$ngx_vrrp_page_dir/page.js $NGX_MAKEFILE
	$ngx_addon_dir/tools/embed-page $ngx_vrrp_page_dir > $ngx_vrrp_page.cpp

$ngx_vrrp_page.o:	$ngx_vrrp_page.cpp
	\$(CC) -c $ngx_vrrp_cxxflags $ngx_vrrp_inc_opts \\
		-o $ngx_vrrp_page.o $ngx_vrrp_page.cpp

$ngx_vrrp_programs.cpp:	$ngx_addon_dir/tools/embed-programs \\
		$ngx_addon_dir/bpf/drain.bpf.c $ngx_addon_dir/bpf/drain.h \\
		$NGX_MAKEFILE
	$ngx_addon_dir/tools/embed-programs $ngx_vrrp_clang \\
		> $ngx_vrrp_programs.cpp

$ngx_vrrp_programs.o:	$ngx_vrrp_programs.cpp
	\$(CC) -c $ngx_vrrp_cxxflags $ngx_vrrp_inc_opts \\
		-o $ngx_vrrp_programs.o $ngx_vrrp_programs.cpp

$ngx_vrrp_core_lib:	$ngx_vrrp_objs
	rm -f $ngx_vrrp_core_lib
	ar rcs $ngx_vrrp_core_lib $ngx_vrrp_objs

-include $ngx_vrrp_core_objs/*.d $ngx_vrrp_core_objs/core/*.d
END
