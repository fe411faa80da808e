"""The integrated healthcare timetabling problem (IHTC 2024), solved: `solve(instance, seconds=...)`, from scratch or
keeping a plan.

    solve(instance, *, seconds, threads=2, seed=0, iterations=None, start=None, keep=None, on_better=None, stop=None)
        -> Solved(solution, costs, violations, seconds, iterations, trajectory, changes; .cost, .feasible)

`start: Solution` is a plan to begin from (what of it no rule forbids); `keep: Keep` prices changes against a plan:

    Keep(baseline, day=20, room=10, theatre=5, newly_admitted=0, dropped=100, nurse=1, pinned={id: Pin(day, room,
        theatre, admitted)})

`on_better(Better(seconds, cost, violations, solution))` is called in the calling thread for each better plan;
`stop()` is asked about a hundred times a second. `Solved.changes` lists `Change(patient, what, was, now, price)`.
Replanning: `solve(new_instance, seconds=10, start=old_plan, keep=Keep(old_plan))`. Infeasible input gives the least
violating plan, `violations` says which rules it breaks and how often; nonsense raises `ValueError`.
Importing `ray_jobs.scheduling.solver.solve` loads numba: import it inside functions.
"""
