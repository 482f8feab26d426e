# SPDX-License-Identifier: GPL-2.0
# One line a series, in one or two panels that share the x axis's meaning and the legend.  Data: a
# block a series, which begins with its name in quotes; then columns separated by tabs, the first
# one is x.
#
# Wants format, out, data, style, title, subtitle, xlabel, xlog; zero: where x = 0 is drawn if xlog
# (0: it does not occur); styles: the line type of each block; names_max: letters of the longest
# name; panels, and of each panel p: ylabel_p, yformat_p, xcolumn_p, column_p (if spread, the next
# two are its quartiles), ylog_p, from_p and to_p ("*": as needed), mark_p (a line at y; NaN: none);
# xlabel_p, if its x is not that of the other.

name_room = 26.0 + 8.0 * names_max # pixels
key_room = 60.0 + name_room
width = (panels == 2 ? 940 : 640) + key_room
height = 460
load style

blocks = words(styles)
x(v) = xlog && v <= 0 ? zero : v
set multiplot
do for [p = 1:panels] {
	left = 92.0
	room = (width - key_room) / panels - left
	set lmargin at screen (p * left + (p - 1) * room) / width
	set rmargin at screen p * (left + room) / width
	set tmargin at screen 1 - 72.0 / height
	set bmargin at screen 68.0 / height
	set xlabel exists("xlabel_" . p) ? value("xlabel_" . p) : xlabel
	set ylabel value("ylabel_" . p) offset -0.2, 0
	set xrange [*:*]
	unset logscale
	set xtics auto autofreq
	if (xlog) {
		set logscale x
		set xtics auto format "%.0s%c"
		set mxtics 10
		set xtics add ("0" zero)
	} else {
		set xtics 1 format "%.0f"
		set autoscale xfix
		set offsets 0.5, 0.5, 0, 0
	}
	if (zero > 0) { set xrange [zero / 1.25:*] }
	set ytics auto autofreq format value("yformat_" . p)
	if (value("ylog_" . p)) {
		set logscale y
		set ytics (1e-4)
		do for [e = -3:11] {
			set ytics add (10.0**e, 3 * 10.0**e)
		}
	}
	from = value("from_" . p)
	to = value("to_" . p)
	eval sprintf("set yrange [%s:%s]", from, to)
	unset arrow
	if (value("mark_" . p) == value("mark_" . p)) {
		set arrow from graph 0, first value("mark_" . p) to graph 1, first value("mark_" . p) \
			nohead linecolor rgb "#404040" dashtype 3 back
	}
	if (p == panels) {
		set key at screen 1 - (key_room - 22) / width, 1 - 76.0 / height left top \
			Left reverse invert samplen 2.2 spacing 1.25
	} else {
		set key off
	}
	c = value("column_" . p)
	cx = value("xcolumn_" . p)
	if (spread) {
		plot for [i = blocks:1:-1] data index (i - 1) using (x(column(cx))):c:c + 1:c + 2 \
			with yerrorlines linetype word(styles, i) + 0 title columnheader(1)
	} else {
		plot for [i = blocks:1:-1] data index (i - 1) using (x(column(cx))):c \
			with linespoints linetype word(styles, i) + 0 title columnheader(1)
	}
	unset label 1001
	unset label 1002
}
unset multiplot
