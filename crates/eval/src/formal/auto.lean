/-- Leaves out every hypothesis that the goal does not speak of. -/
elab "r1_forget" : tactic => Lean.Elab.Tactic.withMainContext do
  let mut goal ← Lean.Elab.Tactic.getMainGoal
  for decl in (← Lean.getLCtx).decls.toList.reverse.filterMap id do
    if !decl.isImplementationDetail && (← Lean.Meta.isProp decl.type) then
      goal ← goal.tryClear decl.fvarId
  Lean.Elab.Tactic.replaceMainGoal [goal]
