(* What is tried to prove a goal without a person. Every attempt ends by itself. *)
From Coq Require Import ZArith Reals Lia Lra Psatz.
Ltac r1_take := repeat match goal with
  | H : exists _, _ |- _ => destruct H
  | H : _ /\ _ |- _ => destruct H
  end.
Ltac r1_linear := first
  [ assumption | timeout 4 (solve [easy]) | timeout 4 lia | timeout 4 lra | solve [congruence] ].
Ltac r1_quick := first [ r1_linear | timeout 4 nia | timeout 4 nra ].
Ltac r1_leaf := first
  [ r1_quick
  | solve [cbn in *; r1_quick]
  | match goal with x : ?T |- exists _ : ?T, _ => solve [exists x; r1_quick] end ].
Ltac r1_solve := r1_take; first
  [ r1_leaf
  | timeout 6 (solve [intuition (r1_take; r1_leaf)])
  | timeout 6 (solve [firstorder (first [lia | lra | congruence])]) ].
Ltac r1_forget := repeat match goal with
  | H : ?P |- _ => match type of P with Prop => clear H end
  end.
(* Instances of H at what stands in the context, its conditions proved. *)
Ltac r1_at H :=
  lazymatch type of H with
  | forall _ : ?T, _ =>
      lazymatch type of T with
      | Prop => let p := fresh in assert (p : T) by r1_leaf;
                let I := fresh in pose proof (H p) as I; clear H; r1_at I
      | _ => match goal with
             | x : T |- _ => let I := fresh in pose proof (H x) as I; r1_at I
             end
      end
  | _ => r1_take; r1_leaf
  end.
Ltac r1_follow H := first
  [ solve [apply H] | solve [eapply H; eauto]
  | solve [eapply H; r1_quick]
  | timeout 20 (r1_at H) | r1_solve ].
(* A few small values at which H is absurd. *)
Ltac r1_absurd H :=
  let at_value x := (let I := fresh in pose proof (H x) as I; r1_absurd I) in
  lazymatch type of H with
  | forall _ : nat, _ => first [at_value 0%nat | at_value 1%nat | at_value 2%nat | at_value 3%nat]
  | forall _ : Z, _ => first [at_value 0%Z | at_value 1%Z | at_value 2%Z | at_value (-1)%Z]
  | forall _ : R, _ => first [at_value 0%R | at_value 1%R | at_value 2%R | at_value (-1)%R]
  | ?P -> _ => let p := fresh in assert (p : P) by (cbn; r1_linear);
               let I := fresh in pose proof (H p) as I; r1_absurd I
  | _ => exfalso; cbn in *; r1_take; r1_linear
  end.
