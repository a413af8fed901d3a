# What shell scripts do: subshells, pipes, redirections, job control without a terminal, files, traps.
set -e
value=$(printf '%s\n' b a | sort | head -n 1)
[ "$value" = a ]
(cd /; exit 3) || [ $? -eq 3 ]
mkdir folder && cp "$0" folder/copy && ln -s copy folder/link && [ -s folder/link ]
mkfifo pipe
echo through > pipe &
read -r line < pipe
wait
[ "$line" = through ]
trap 'caught=yes' USR1
kill -USR1 $$
[ "$caught" = yes ]
sleep 0.01
ulimit -n 64
nice -n 1 true
cat <<TEXT | grep -q document
a document
TEXT
find folder -type f | xargs cat > all
touch -d @0 all && mv all folder/ && rm -r folder
date +%s > /dev/null
id > /dev/null && ls -l / > /dev/null
echo 'all is well'
