# shellcheck shell=dash
# shellcheck disable=SC2034 # the plan that the words make is read by the other files
# SPDX-License-Identifier: GPL-2.0-or-later
# The words of roots on logical volumes and in LUKS volumes, for the table in words.sh: kloop, dracut, mkinitcpio.

word_volumes() {
	case $1 in
	klvm=?*) P_LVM="$P_LVM $V" ;;
	kroot=/dev/mapper/loop[0-9]*p[0-9]* | kroot=/dev/loop[0-9]*p[0-9]*) I_PART=${V##*p} ;;
	kroot=/dev/loop[0-9]*) I_PART=whole ;;
	kroot=/dev/?*/?*) I_PART=$V ;;
	kroot=* | klvm=*) wrong "$1" '/dev/loop0p1, /dev/loop0, /dev/mapper/VG-LV and a VG' ;;
	rd.lvm.vg=?*) P_LVM="$P_LVM $V" ;;
	rd.lvm.lv=?*/?*) P_LVM="$P_LVM $V" ;;
	rd.lvm.lv=*) wrong "$1" 'VG/LV' ;;
	rd.lvm=0) P_LVM_OFF=1 ;;
	rd.lvm | rd.lvm=1 | rd.lvm.conf=0) P_LVM_OFF='' ;;
	rd.luks.uuid=?*)
		# a name that rd.luks.name= gives counts
		case $NL$P_LUKS in *"${NL}UUID=${V#luks-} "*) ;; *) word_luks "UUID=${V#luks-}" "luks-${V#luks-}" ;; esac
		;;
	rd.luks.name=?*=?*) word_luks "UUID=${V%%=*}" "${V#*=}" ;;
	rd.luks.name=*) wrong "$1" 'UUID=NAME' ;;
	rd.luks=0) P_LUKS_OFF=1 ;;
	rd.luks | rd.luks=1) P_LUKS_OFF='' ;;
	cryptdevice=?*:?*) word_cryptdevice "$1" ;;
	cryptdevice=*) wrong "$1" 'DEVICE:NAME' ;;
	cryptkey=*) later "$1" ;;
	*) return 1 ;;
	esac
}

# word_luks DEVICE NAME [OPTION]: a line of P_LUKS; of two for the same device the later counts
word_luks() {
	local line kept='' IFS="$NL"
	for line in $P_LUKS; do
		case $line in "$1 "*) ;; *) kept=$kept$line$NL ;; esac
	done
	P_LUKS="$kept$1 $2${3:+ $3}$NL"
}

# cryptdevice=DEVICE:NAME[:OPTION,OPTION]
word_cryptdevice() {
	local device=${V%%:*} name=${V#*:} options=''
	case $name in *:*) options=${name#*:} name=${name%%:*} ;; esac
	case ,$options, in
	,, | ,allow-discards,) ;;
	*) note "word '$1': of the options only allow-discards is honoured" ;;
	esac
	case ,$options, in
	*,allow-discards,*) word_luks "$device" "$name" --allow-discards ;;
	*) word_luks "$device" "$name" ;;
	esac
}
