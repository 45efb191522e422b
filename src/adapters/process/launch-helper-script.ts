/**
 * The launch helper: a small Perl process that forks and executes tasks for us. Forking ourselves means copying the
 * page tables of a Node process, with everything standing still meanwhile; this one is a twentieth of the size.
 *
 * Standard input brings frames: four bytes of length, most significant first, then fields with NUL between them. The
 * first frame is the environment that all tasks share, as `NAME=value`; every other one is an order (see
 * `launch-helper-protocol.ts`). Standard output takes lines: `ready`; `started ID PID`, by the child, once it is in its
 * cgroup and has its streams; `failed ID STAGE ERRNO TEXT` when it could not be had, could not get that far or could not
 * execute the command; `ended ID STATUS`, always and last, with the status of wait(2). Lines are shorter than
 * `PIPE_BUF`, and a child's are written before it can end: so they are never torn, and always in this order.
 *
 * - A child is born in its cgroup where the kernel lets it (clone3(2)), and otherwise forked and moved there.
 * - All signals are blocked, for good: the helper goes when its input ends. A child inherits no handler, nothing
 *   ignored and, in the end, an empty mask; what was sent to it before it executes its command takes effect then.
 * - Only while it waits, SIGCHLD and SIGIO (`O_ASYNC`: there is input) come through. sigsuspend(2) lets them in and goes
 *   to sleep in one step, so that none is missed in between, as would happen with select(2).
 * - An empty frame means that all is done: it goes at once. On end of input without one its supervisor has died. It then
 *   stays until its last child has ended, and leaves word for the next supervisor in `left-PID-TICKS` (its pid and its
 *   start, as in /proc/PID/stat) in the folder of its second argument: `ended STATUS NAME` for those that have ended of
 *   late, whose reports may not have been heard; `lives PID NAME` for the others; `all`; and then `ended` for each of
 *   them. NAME is the second field of an order. Its first argument is the run's id: a part of its own name, to be found by.
 *
 * Nothing but `POSIX` and `Fcntl`, which even Debian's perl-base has, and no variable of the user's environment before
 * the first frame: `PERL5OPT` and the like are for tasks.
 */
export const LAUNCH_HELPER_SCRIPT = String.raw`
use strict;
use POSIX ();
use Fcntl qw(F_GETFL F_SETFL F_SETOWN O_ASYNC O_NONBLOCK O_RDONLY O_WRONLY O_APPEND O_CREAT);

my ($run, $folder) = @ARGV;
$0 = join ' ', 'memsched: launcher', grep { defined } $run;

my $everything = POSIX::SigSet->new;
$everything->fillset;
my $waking = POSIX::SigSet->new;
$waking->fillset;
$waking->delset($_) for POSIX::SIGCHLD, POSIX::SIGPOLL;
my $nothing = POSIX::SigSet->new;
block();
$SIG{CHLD} = $SIG{IO} = sub { };

# Perl's own descriptors above 2 are closed on exec; 0 to 2 become what most tasks start with.
open my $orders, '<&', \*STDIN or die "input: $!\n";
open my $reports, '>&', \*STDOUT or die "output: $!\n";
open my $complaints, '>&', \*STDERR or die "complaints: $!\n";
open my $null, '+<', '/dev/null' or die "/dev/null: $!\n";
POSIX::dup2(fileno $null, $_) for 0, 1;
fcntl $orders, F_SETOWN, $$ + 0 or die "F_SETOWN: $!\n";
fcntl $orders, F_SETFL, (fcntl($orders, F_GETFL, 0) | O_NONBLOCK | O_ASYNC) or die "O_ASYNC: $!\n";
report("ready\n");

# The same numbers on every architecture but MIPS, where there is no call of this number (ENOSYS): see fork_into.
my ($SYS_CLONE3, $CLONE_INTO_CGROUP) = (435, 0x200000000);
# The kernel wants eleven numbers of 64 bits, which not every Perl can give.
my $has_clone3 = eval { pack 'Q', $CLONE_INTO_CGROUP; 1 };
# Of so many ends at most the reports can be on their way.
my $ENDED_KEPT = 10_000;
my ($has_environment, $buffer, $left, @ended, %id_of, %name_of) = (0, '');
for (;;) {
  reap();
  my $read = sysread $orders, $buffer, 65536, length $buffer;
  if (!defined $read) {
    die "input: $!\n" unless $! == POSIX::EAGAIN || $! == POSIX::EINTR;
    POSIX::sigsuspend($waking);
    block();
    next;
  }
  outlive() if $read == 0;
  while (length $buffer >= 4) {
    my $size = unpack 'N', $buffer;
    last if length $buffer < 4 + $size;
    my @fields = split /\0/, substr($buffer, 4, $size), -1;
    substr $buffer, 0, 4 + $size, '';
    POSIX::_exit(0) if $size == 0 && $has_environment;
    if ($has_environment) { take(@fields) }
    else { %ENV = (); set_environment(@fields); $has_environment = 1 }
  }
}

sub block { POSIX::sigprocmask(POSIX::SIG_SETMASK, $everything) }

sub set_environment {
  for (@_) {
    my ($name, $value) = split /=/, $_, 2;
    $ENV{$name} = $value;
  }
}

# To one who is gone nothing can be reported; then the input ends, too.
sub report { put_all($reports, @_) }

sub put_all {
  my ($to, $text) = @_;
  while (length $text) {
    my $written = syswrite $to, $text;
    return unless defined $written;
    substr $text, 0, $written, '';
  }
}

# The supervisor is dead. Never returns.
sub outlive {
  POSIX::_exit(0) unless defined $folder;
  open my $self, '<', '/proc/self/stat' or POSIX::_exit(0);
  my $stat = <$self>;
  my $ticks = (split ' ', substr $stat, 2 + rindex $stat, ')')[19];
  sysopen $left, "$folder/left-$$-$ticks", O_WRONLY | O_CREAT | O_APPEND, 0600 or POSIX::_exit(0);
  put_all($left, join '', @ended, (map { "lives $_ $name_of{$_}\n" } keys %name_of), "all\n");
  while (%id_of) {
    reap();
    last unless %id_of;
    POSIX::sigsuspend($waking);
    block();
  }
  POSIX::_exit(0);
}

sub failure { my ($id, $stage) = @_; sprintf "failed %s %s %d %s\n", $id, $stage, $!, $! }

sub reap {
  my $reports = '';
  my $leavings = '';
  while ((my $pid = waitpid -1, POSIX::WNOHANG) > 0) {
    my $id = delete $id_of{$pid};
    next unless defined $id;
    $reports .= "ended $id $?\n";
    my $leaving = sprintf "ended %d %s\n", $?, delete $name_of{$pid};
    $leavings .= $leaving;
    push @ended, $leaving;
    shift @ended if @ended > $ENDED_KEPT;
  }
  if (defined $left) { put_all($left, $leavings) }
  else { report($reports) }
}

# All that can be done before the fork is done here: what a child touches of our memory has to be copied for it, which
# took longer than all else that it does.
sub take {
  my ($id, $name, $program, $cwd, $procs, $score, $in, $out, $err, $words, @rest) = @_;
  my @argv = splice @rest, 0, $words;
  my $failed = arrange($out, $err);
  if (!defined $failed) {
    local @ENV{map { /^([^=]*)/ } @rest} = map { substr $_, 1 + index $_, '=' } @rest;
    my $is_in = 1;
    my $pid = fork_into($procs);
    ($pid, $is_in) = (fork, $procs eq '') unless defined $pid;
    if (!defined $pid) { $failed = failure($id, 'fork') }
    elsif ($pid) { ($id_of{$pid}, $name_of{$pid}) = ($id, $name) }
    else { become($id, $is_in ? '' : $procs, $score, $cwd, $in, $program, @argv) }
  }
  else { $failed = failure($id, $failed) }
  POSIX::dup2(fileno $null, 1);
  POSIX::dup2(fileno $complaints, 2);
  report($failed . "ended $id 0\n") if defined $failed;
}

# A child that is born in its cgroup: to enter it later is to wait, at times for 10 ms, until no process of the host is
# between two states. Undefined where that cannot be had, as with kernels before 5.7 and where seccomp forbids it; then
# whoever forks and enters finds out why, if it is not to be had that way either.
sub fork_into {
  my ($procs) = @_;
  return undef unless $has_clone3 && $procs =~ m{^(.+)/cgroup\.procs$};
  my $cgroup = POSIX::open($1, O_RDONLY);
  return undef unless defined $cgroup;
  my $arguments = pack 'Q11', $CLONE_INTO_CGROUP, 0, 0, 0, POSIX::SIGCHLD, 0, 0, 0, 0, 0, $cgroup;
  my $pid = syscall $SYS_CLONE3, $arguments, length $arguments;
  my $errno = $! + 0;
  POSIX::close($cgroup);
  return $pid if $pid >= 0;
  $has_clone3 = 0 if grep { $errno == $_ } POSIX::ENOSYS, POSIX::EPERM, POSIX::EINVAL, POSIX::E2BIG;
  return undef;
}

# What the next child writes to. Returns the stage that failed, if one did.
sub arrange {
  my ($out, $err) = @_;
  return 'stdout' unless open_log(1, $out);
  return 'stderr' unless $out eq $err ? defined POSIX::dup2(1, 2) : open_log(2, $err);
  return undef;
}

# In the child, which never returns from here. Its cgroup, if it is not in it yet, and its folder are entered and its input
# is opened here: that may take as long as it likes, as on a file server that does not answer.
sub become {
  my ($id, $procs, $score, $cwd, $in, $program, @argv) = @_;
  POSIX::setsid();
  last_words($id, 'enter') if $procs ne '' && !put($procs, "0\n");
  put('/proc/self/oom_score_adj', $score);
  last_words($id, 'folder') unless chdir $cwd;
  last_words($id, 'stdin') if $in ne '' && !open_as(0, $in, O_RDONLY);
  report("started $id $$\n");
  POSIX::sigprocmask(POSIX::SIG_SETMASK, $nothing);
  no warnings;
  exec { $program } @argv;
  last_words($id, 'exec');
}

sub last_words { report(failure(@_)); POSIX::_exit(255) }

sub put {
  my ($path, $text) = @_;
  my $fd = POSIX::open($path, O_WRONLY);
  return 0 unless defined $fd;
  my $written = POSIX::write($fd, $text, length $text);
  my $errno = $! + 0;
  POSIX::close($fd);
  $! = $errno;
  return defined $written;
}

# The lowest free descriptor is the one that was just closed, for all below it are open.
sub open_as {
  my ($fd, $path, $flags) = @_;
  POSIX::close($fd);
  return defined POSIX::open($path, $flags, 0600);
}

# The folder of a task's logs is made when the first attempt is.
sub open_log {
  my ($fd, $path) = @_;
  my $flags = O_WRONLY | O_APPEND | O_CREAT;
  return 1 if open_as($fd, $path, $flags);
  return 0 unless $! == POSIX::ENOENT && $path =~ m{^(.+)/};
  make_folder($1);
  return open_as($fd, $path, $flags);
}

sub make_folder {
  my ($path) = @_;
  return if mkdir $path, 0700 or $! != POSIX::ENOENT or $path !~ m{^(.+)/[^/]+$};
  make_folder($1);
  mkdir $path, 0700;
}
`;
