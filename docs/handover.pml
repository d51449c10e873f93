/*
 * A model, for spin, of how a virtual router passes between the vrrp processes
 * of one node.  tests/handover_model.sh checks it, and shows that each guard
 * in it is needed.
 *
 * The processes share the word "owner" of a router: an old process, its
 * successor after a reload, the process of an upgraded binary, and the one
 * that nginx's master starts when one of them is killed.  Each may be killed,
 * frozen and asked to quit, at any step.  The check of the word and the packet
 * that follows are one step.  The judgement "the owner is dead" and the
 * exchange that follows are two.
 *
 * In the code a process that is frozen between check and packet sends it when
 * it runs again.  So it does with the adverts of many routers in one call, and
 * with the request that prolongs their leases: their words are checked just
 * before each of the two.  That is one advert and one lease, of a process that
 * lost the router while it was frozen.  The next check stops it, and the owner
 * removes what is not to be there.
 *
 * Assertions:
 *   - a process sends, renews or removes only while the word names it;
 *   - the word changes only from the value that was looked at;
 *   - after a planned handover the new owner knows the last state;
 *   - a process that ends as planned does not leave its name in the word.
 *
 * "settled": when no more faults come, the word names one process that runs,
 * and does not change any more, while a process runs that was not asked to
 * quit.
 *
 * The model has no time.  "Silent" means frozen: in the code it is a bound
 * within which a process that runs has answered.  An owner that ends while a
 * new binary starts waits for its request; here that is an owner that is slow
 * to leave.
 */

/*
 * The old one, the new one of a reload, the upgraded one; and the one that is
 * respawned for the first of them that is killed.
 */

#ifndef STARTED
#define STARTED    3
#endif
#ifndef KILLS
#define KILLS      1
#endif
#ifndef FREEZES
#define FREEZES    1
#endif
#ifndef QUITS
#define QUITS      1
#endif

#define RESPAWNED  STARTED
#define PROCESSES  (STARTED + 1)
#define NONE       PROCESSES

/* when its configuration was read: the upgraded one comes last */
byte configured[PROCESSES];

#define NEWER(a, b)    (configured[a] > configured[b])

#define RUNS(p)        (alive[p] && !frozen[p])

/* the shared memory of the router */
byte owner = NONE;
byte wanted = NONE;
bool recorded = true;             /* the record beside the word is the last */
bool answered[PROCESSES];         /* the owner has run since p asked */

/* what the kernel knows */
bool alive[PROCESSES];
bool frozen[PROCESSES];
bool quits[PROCESSES];

byte kills = KILLS;
byte freezes = FREEZES;
byte ends = QUITS;
bool turned;                      /* flips when the word changes */


/* a step of a process, if the condition holds */

#define STEP(condition)  atomic { RUNS(me) && (condition) ->
#define KILLED           atomic { !alive[me] -> goto dead }


inline exchange(from, to)
{
#ifdef NO_EXCHANGE
    assert(owner == from);
    owner = to;
    turned = !turned
#else
    if
    :: owner == from -> owner = to; turned = !turned
    :: else
    fi
#endif
}


inline answer()
{
    for (i : 0 .. PROCESSES - 1) {
        answered[i] = true
    }
    i = 0
}


/* has the router now; taken: from a dead or silent owner */

inline begin(taken)
{
    /* the record of a dead owner may be a step behind */

    assert(taken || recorded);

    if
    :: wanted == me -> wanted = NONE
    :: else
    fi
}


proctype Process(byte me)
{
    byte i;
    byte seen = NONE;

waiting:
    if
    :: STEP(quits[me]) goto leave }

    /* asks, unless a newer one that lives has asked */

    :: STEP(!quits[me])
           if
           :: wanted == NONE || NEWER(me, wanted) || !alive[wanted] ->
                  wanted = me
           :: else
           fi;
           answered[me] = false
       }
    :: KILLED
    fi;

    if
    :: STEP(owner == me) begin(false); goto owning }
    :: STEP(owner == NONE) seen = NONE }
    :: STEP(owner < NONE && owner != me && !alive[owner]) seen = owner }
#ifndef NO_SILENCE
    :: STEP(owner < NONE && owner != me && frozen[owner] && !answered[me])
           seen = owner
       }
#endif
#ifdef NO_ANSWER
    :: STEP(owner < NONE && owner != me && !answered[me]) seen = owner }
#endif
    :: STEP(owner < NONE && owner != me && answered[me]) goto waiting }
    :: STEP(quits[me]) goto leave }
    :: KILLED
    fi;

    /* takes the router: between the look and this anything may happen */

    if
    :: STEP(true)
           exchange(seen, me);
           if
           :: owner == me ->
                  begin(true);
#ifndef NO_FORGET
                  /* a frozen process that had asked must ask again */
                  if
                  :: wanted == seen -> wanted = NONE
                  :: else
                  fi;
#endif
                  seen = NONE;
                  goto owning
           :: else -> seen = NONE; goto waiting
           fi
       }
    :: KILLED
    fi;

owning:
    if
#ifdef NO_CHECK
    :: STEP(true) assert(owner == me); recorded = false; goto owning }
#else
    :: STEP(owner == me) recorded = false; goto owning }
#endif
    :: STEP(owner != me) goto waiting }

#ifndef NO_ANSWER
    :: STEP(owner == me && wanted != NONE && wanted != me)
           answer();
           goto owning
       }
#endif

#ifdef NO_NEWER
    :: STEP(owner == me && wanted != NONE && wanted != me)
#else
    :: STEP(owner == me && wanted != NONE && wanted != me
            && (NEWER(wanted, me) || (quits[me] && alive[wanted])))
#endif
           seen = wanted;
#ifndef NO_RECORD
           recorded = true
#endif
       }

    /* no other process waits: priority 0, then the addresses are removed */

    :: STEP(owner == me && quits[me]
            && (wanted == NONE || wanted == me || !alive[wanted]))
           seen = NONE
       }
    :: KILLED
    fi;

    if
    :: STEP(true)
           exchange(me, seen);
           if
           :: seen == NONE -> goto leave
           :: else -> seen = NONE; goto waiting
           fi
       }
    :: KILLED
    fi;

leave:
    if
    :: STEP(true)
           if
           :: wanted == me -> wanted = NONE
           :: else
           fi
       }
    :: KILLED
    fi;

    if
#ifndef NO_LAST_LOOK
    :: STEP(owner == me) goto owning }
    :: STEP(owner != me) alive[me] = false }
#else
    :: STEP(true) assert(owner != me); alive[me] = false }
#endif
    :: KILLED
    fi;

dead:
    seen = NONE
}


/* what may happen to them; nginx's master respawns what did not quit */

inline kill(p)
{
    kills--;
    alive[p] = false;
    frozen[p] = false;

    if
    :: (p != RESPAWNED && !quits[p] && configured[RESPAWNED] == 0) ->
           configured[RESPAWNED] = configured[p];
           alive[RESPAWNED] = true;
           run Process(RESPAWNED)
    :: else
    fi
}


proctype Fate()
{
    byte p;

    do
    :: atomic {
           select(p : 0 .. PROCESSES - 1);
           if
           :: alive[p] && kills -> kill(p)
           :: RUNS(p) && freezes -> freezes--; frozen[p] = true
           :: frozen[p] -> frozen[p] = false
           :: alive[p] && !quits[p] && ends -> ends--; quits[p] = true
           :: else
           fi;
           p = 0
       }
    :: break
    od
}


init
{
    byte p;

    atomic {
        for (p : 0 .. STARTED - 1) {
            configured[p] = p + 1;
            alive[p] = true;
            run Process(p)
        }
        p = 0;
        run Fate()
    }
}


#define CANDIDATE(p)  (RUNS(p) && !quits[p])

#if STARTED == 3
#define ANYBODY  (CANDIDATE(0) || CANDIDATE(1) || CANDIDATE(2) || CANDIDATE(3))
#else
#define ANYBODY  (CANDIDATE(0) || CANDIDATE(1) || CANDIDATE(2))
#endif

#define IN_HANDS  (owner < NONE && RUNS(owner))

ltl settled {
    (<>[] (!ANYBODY || (IN_HANDS && turned)))
    || (<>[] (!ANYBODY || (IN_HANDS && !turned)))
}
