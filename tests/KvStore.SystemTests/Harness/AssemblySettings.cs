// The tests here start processes, fill queues and measure times: one after the other, or they measure each other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
